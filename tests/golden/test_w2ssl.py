"""W2SSL's model, losses and schedules against the official code."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from golden.w2ssl_steps import (
    KEYMAP,
    RECIPE,
    build,
    compare_gradients,
    compare_states,
    take_step,
    views_of,
)
from torch import nn

from sslrecipes.config.reading import read_config
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.engine.schedulers import WarmupCosineLR
from sslrecipes.models.layers.quadrants import by_quadrant, pool_quadrants
from sslrecipes.models.losses.supervised_contrastive import supervised_contrastive_loss
from sslrecipes.models.methods import w2ssl
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.models.utils.progress import Progress

CONFIGS = RECIPE.parents[3]
PRETRAINING = CONFIGS / 'w2ssl/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py'
LINEAR = CONFIGS / 'w2ssl/benchmarks/resnet50_w2ssl-pre_1xb256-linear-coslr-100e_in1k.py'
VALUE = dict(rtol=1e-4, atol=1e-5)
LOSS = dict(rtol=1e-4, atol=1e-6)


@pytest.mark.golden('w2ssl/quadrant_pool')
def test_quadrants(case):
    maps = case['in/feature_map'].requires_grad_()
    pooled = pool_quadrants(maps)
    features = by_quadrant(pooled)
    (features * case['in/grad_of_features']).sum().backward()
    torch.testing.assert_close(pooled, case['out/pooled'], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(features, case['out/features'], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(maps.grad, case['out/grad_feature_map'], rtol=1e-5, atol=1e-6)


@pytest.mark.golden('w2ssl/what_loss')
def test_what_loss(case):
    for temperature in case.meta['temperatures']:
        raw = case['in/features_raw'].clone().requires_grad_()
        rows = F.normalize(raw, dim=1)
        loss = supervised_contrastive_loss(rows, case['in/labels'], temperature)
        loss = loss * temperature / case.meta['base_temperature']
        loss.backward()
        torch.testing.assert_close(loss, case[f'out/loss_T{temperature}'], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(raw.grad, case[f'out/grad_T{temperature}'], rtol=1e-4, atol=1e-6)


@pytest.mark.golden('w2ssl/what_where_losses')
def test_losses(case, monkeypatch):
    """From the pooled outputs of both encoders onwards."""
    model = build(case.meta, case.part('state/'), momentum=case.meta['ema_m'])
    online = [case[f'in/online_quad_view{view}'].requires_grad_() for view in (1, 2)]
    pooled = iter([*online, *(case[f'in/momentum_quad_view{view}'] for view in (1, 2))])
    monkeypatch.setattr(w2ssl, 'pool_quadrants', lambda _: next(pooled))
    seen = watch(model)
    side = torch.zeros(case.meta['n_images'], 3, 8, 8)
    losses = take_step(model, [side] * 4, case['in/permute'])
    compare_seen(case, seen)
    for name in ('loss_what', 'loss_where'):
        torch.testing.assert_close(losses[name], case[f'out/{name}'], **LOSS)
    for view, quadrants in enumerate(online, 1):
        torch.testing.assert_close(quadrants.grad, case[f'out/grad_online_quad_view{view}'], **VALUE)
    compare_gradients(model, case.part('out/grad/'))
    compare_states(model, case.part('out/after/'), **VALUE)


@pytest.mark.golden('w2ssl/what_where_step', 'w2ssl/what_where_step_quad')
def test_step(case):
    meta = case.meta
    model = build(meta, case.part('state/'), momentum=meta['ema_m'])
    seen = watch(model)
    losses = take_step(model, views_of(case, meta['n_regions']), case['in/permute'])
    compare_seen(case, seen)
    for name, weight in (('loss_what', meta['weight_what']), ('loss_where', meta['weight_where'])):
        torch.testing.assert_close(losses[name], weight * case[f'out/{name}'], **LOSS)
    torch.testing.assert_close(losses['total'], case['out/loss_total'], **LOSS)
    compare_gradients(model, case.part('out/grad/'))
    compare_states(model, case.part('out/after/'), **VALUE)


def watch(model):
    """What the parts of the model give, by the names of the cases, in the order of their calls."""
    parts = {
        'loc_logits': model.head.where,
        'proj': model.neck,
        'pred': model.head.predictor,
        'mproj': model.momentum_encoder.neck,
        'montage': model.backbone,
    }
    seen = {name: [] for name in parts}
    for name, part in parts.items():
        taken = 'inputs' if name == 'montage' else 'output'
        part.register_forward_hook(
            lambda _, inputs, output, name=name, taken=taken: seen[name].append(
                inputs[0] if taken == 'inputs' else output
            )
        )
    return seen


def compare_seen(case, seen):
    """With whatever of it the case has; the second call is of view 2."""
    for name, values in seen.items():
        for view, value in enumerate(values, 1):
            for stored in (name, f'{name}_view{view}', f'{name}{view}'):
                if f'out/{stored}' in case.tensors:
                    torch.testing.assert_close(value.detach(), case[f'out/{stored}'], **VALUE)


@pytest.mark.golden('w2ssl/train_3steps')
def test_training(case):
    meta, schedule = case.meta, case.meta['schedule']
    final = 1.0 if schedule['cos'] else schedule['moco_m']
    model = build(meta, case.part('state/'))
    model.base_momentum, model.final_momentum = schedule['moco_m'], final
    cfg = read_config(PRETRAINING)
    options = {'momentum': meta['sgd_momentum'], 'trust_coefficient': meta['trust_coefficient']}
    lr = schedule['base_lr'] * schedule['batch_size'] / 256
    optimizer = dict(cfg.optim_wrapper.optimizer, lr=lr, weight_decay=meta['weight_decay'], **options)
    wrapper = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=optimizer))(model)
    length, epochs = schedule['iters_per_epoch'], schedule['epochs']
    rates = schedule_of(cfg, wrapper.optimizer, epochs, schedule['warmup_epochs'], length)
    rates.move(schedule['start_iteration'])
    for number, expected in enumerate(meta['iterations']):
        step = schedule['start_iteration'] + number
        assert expected['epoch'] * length + expected['iter'] == step
        assert [group['lr'] for group in wrapper.optimizer.param_groups] == pytest.approx(
            [expected['lr']] * 2, rel=1e-9
        )
        place = Progress(step=step, steps_per_epoch=length, epochs=epochs)
        momentum = cosine(step, place.total_steps, model.base_momentum, final)
        assert momentum == pytest.approx(expected['ema_m'], rel=1e-9)
        views = views_of(case, meta.get('n_regions', 2), f'in/step{number}/')
        losses = take_step(model, views, case[f'in/step{number}/permute'], place)
        for name, weight in (('total', 1), ('what', meta['weight_what']), ('where', meta['weight_where'])):
            found = losses['total' if name == 'total' else f'loss_{name}']
            torch.testing.assert_close(found, weight * case[f'out/step{number}/loss_{name}'], **LOSS)
        wrapper.step()
        rates.step()
    final_state = case.part('out/final/')
    if not meta['weight_where']:  # the official classifier of positions decays then, though nothing reads it
        final_state = {name: value for name, value in final_state.items() if 'fc_loc' not in name}
    compare_states(model, final_state, rtol=1e-3, atol=1e-5)
    compare_changes(model, case.part('state/'), final_state)


def compare_changes(model, before, after):
    """Of the parameters, which a small learning rate leaves nearly as they were."""
    start, final = KEYMAP.to_ours(before), KEYMAP.to_ours(after)
    for name, parameter in ((name, model.get_parameter(name)) for name in final if 'running' not in name):
        change = final[name] - start[name]
        torch.testing.assert_close(parameter.detach() - start[name], change, rtol=1e-2, atol=1e-5, msg=name)


def schedule_of(cfg, optimizer, epochs, warmup_epochs, length):
    """The learning rate of a recipe with another length."""
    options = {key: value for key, value in cfg.param_scheduler.items() if key != 'type'}
    assert cfg.param_scheduler.type == WarmupCosineLR.__name__
    options.update(epochs=epochs, warmup_epochs=warmup_epochs)
    return WarmupCosineLR(optimizer, epoch_length=length, **options)


@pytest.mark.golden('w2ssl/schedules')
def test_schedules(case):
    for name, spec in case.meta['recipes'].items():
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=spec['scaled_lr'])
        assert spec['scaled_lr'] == pytest.approx(spec['base_lr'] * spec['batch'] / 256)
        if name == 'linear_probe':
            rates = schedule_of(read_config(LINEAR), optimizer, spec['epochs'], 0, 7)
            epochs = case[f'out/{name}/lr_per_epoch']
            for epoch, expected in enumerate(epochs):
                for batch in (0, 3):
                    rates.move(7 * epoch + batch - rates.last_step)
                    assert optimizer.param_groups[0]['lr'] == pytest.approx(float(expected), rel=1e-9, abs=1e-12)
            continue
        cfg, length = read_config(PRETRAINING), spec['iters_per_epoch']
        assert spec['total_iters'] == spec['epochs'] * length
        rates = schedule_of(cfg, optimizer, spec['epochs'], spec['warmup'], length)
        for index, step in enumerate(case[f'in/{name}/iteration'].tolist()):
            rates.move(step - rates.last_step)
            assert optimizer.param_groups[0]['lr'] == pytest.approx(float(case[f'out/{name}/lr'][index]), rel=1e-9)
            momentum = cosine(step, spec['total_iters'], spec['m'], cfg.model.final_momentum)
            assert momentum == pytest.approx(float(case[f'out/{name}/ema_m'][index]), rel=1e-9)
