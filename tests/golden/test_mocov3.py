"""MoCo v3 against the official code."""

import math
import re

import pytest
import torch
from mmengine.model import BaseModule
from torch import nn

from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.distributed.joining import join_process_group
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS

LAYOUT = re.compile(
    r'conv3x3 stride(?P<stride>\d+) pad1 no-bias \((?P<image>\d+)->(?P<width>\d+)\) \| BN \| ReLU \| '
    r'conv3x3 stride(?P<second_stride>\d+) pad1 no-bias \(\d+->feat\) \| BN \| ReLU \| global average pool \| fc'
)
ENCODER = ('conv1.', 'bn1.', 'conv2.', 'bn2.')
NAMES = (
    *((f'base_encoder.{name}', f'backbone.{name}') for name in ENCODER),
    *((f'momentum_encoder.{name}', f'momentum_encoder.backbone.{name}') for name in ENCODER),
    ('base_encoder.fc.{i}.', 'neck.mlp.{i}.'),
    ('momentum_encoder.fc.{i}.', 'momentum_encoder.neck.mlp.{i}.'),
    ('predictor.{i}.', 'head.predictor.mlp.{i}.'),
)
KEYMAP = KeyMap(family='mocov3 stub', rules=NAMES)


@MODELS.register_module()
class MoCoV3StandIn(BaseModule):
    """Two convolutions with batch norm and ReLU; as laid out in the case."""

    def __init__(self, image, width, stride, feat, second_stride):
        super().__init__()
        self.conv1 = nn.Conv2d(image, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, feat, 3, second_stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(feat)

    def forward(self, images):
        return (self.bn2(self.conv2(self.bn1(self.conv1(images)).relu())).relu(),)


def head(width, hidden=4, temperature=1.0):
    predictor = dict(
        in_channels=width, hidden_channels=hidden, out_channels=width, with_bn=True, bias=False, last_bias=False
    )
    return dict(type='MoCoV3Head', predictor=predictor, temperature=temperature)


@pytest.mark.golden('mocov3/contrastive')
def test_one_direction(case):
    for temperature in case.meta['temperatures']:
        queries = case['in/q'].clone().requires_grad_()
        loss = MODELS.build(head(case.meta['dim'], temperature=temperature)).compare(queries, case['in/k'])
        loss.backward()
        torch.testing.assert_close(loss.detach(), case[f'out/loss_T{temperature}'], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(queries.grad, case[f'out/grad_q_T{temperature}'], rtol=1e-5, atol=1e-6)


@pytest.mark.golden('mocov3/contrastive_2ranks')
def test_one_direction_over_processes(case, run_ranks):
    cfg = head(case.meta['dim'], temperature=case.meta['temperature'])

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        queries = case[f'in/rank{rank}/q'].clone().requires_grad_()
        loss = MODELS.build(cfg).compare(queries, case[f'in/rank{rank}/k'])
        loss.backward()
        return float(loss.detach()), queries.grad.numpy()

    for rank, (loss, gradient) in enumerate(run_ranks(on_rank, case.meta['world_size'])):
        torch.testing.assert_close(torch.tensor(loss), case[f'out/rank{rank}/loss'], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(torch.tensor(gradient), case[f'out/rank{rank}/grad_q'], rtol=1e-5, atol=1e-6)


def build(case):
    """The model of the case, with its weights."""
    meta = case.meta
    layout = {name: int(value) for name, value in LAYOUT.match(meta['stub_encoder']).groupdict().items()}
    neck = dict(
        type='MLPNeck',
        in_channels=meta['feat'],
        hidden_channels=meta['mlp'],
        out_channels=meta['dim'],
        with_bn=True,
        bias=False,
        last_bias=False,
        last_norm='plain',
    )
    backbone = dict(type='MoCoV3StandIn', feat=meta['feat'], **layout)
    model = MODELS.build(
        dict(
            type='MoCoV3',
            backbone=backbone,
            neck=neck,
            head=head(meta['dim'], meta['mlp'], meta['temperature']),
            base_momentum=meta['ema_m'],
            final_momentum=meta['ema_m'],
        )
    )
    missing = model.load_state_dict(KEYMAP.to_ours(case.part('state/')), strict=False).missing_keys
    assert all(name.endswith('num_batches_tracked') for name in missing)
    return model.train()


@pytest.mark.golden('mocov3/step')
def test_step(case, close):
    model = build(case)
    images = [case['in/x1'], case['in/x2']]
    seen, compute = {}, model.head.loss
    compare, model.head.loss = model.head.compare, lambda *args: seen.update(both=args) or compute(*args)
    queries = []
    model.head.compare = lambda query, keys: queries.append(query) or compare(query, keys)
    model.begin_step(Progress(step=0, steps_per_epoch=100, epochs=1))
    (loss,) = model(images, mode='loss').values()
    loss.backward()
    close(loss, case['out/loss'], 'loss')
    for view in range(2):
        projections, keys = seen['both']
        close(projections[view], case[f'out/proj{view + 1}'])
        close(queries[view], case[f'out/q{view + 1}'])
        close(keys[view], case[f'out/k{view + 1}'])
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    expected = KEYMAP.to_ours(case.part('out/grad/'))
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        close(gradient, expected[name], 'grad')
    state = model.state_dict()
    for name, value in KEYMAP.to_ours(case.part('out/after/')).items():
        close(state[name], value)


@pytest.mark.golden('mocov3/schedules')
def test_schedules(case):
    for name, recipe in case.meta['recipes'].items():
        found = schedules(case[f'in/{name}/iteration'].tolist(), recipe)
        for kind, values in found.items():
            expected = case[f'out/{name}/{kind}']
            torch.testing.assert_close(torch.tensor(values, dtype=expected.dtype), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    'recipe',
    [
        dict(base_lr=0.3, batch=4096, warmup=10, epochs=300, m=0.99),
        dict(base_lr=1.5e-4, batch=4096, warmup=40, epochs=300, m=0.99),
    ],
    ids=['r50_300e', 'vit_300e'],
)
def test_schedules_without_a_case(recipe):
    """By the formulas of ``main_moco.py``, at iterations around the warm-up's end and the run's."""
    length, peak = 312, recipe['base_lr'] * recipe['batch'] / 256
    total, rise = length * recipe['epochs'], length * recipe['warmup']
    iterations = [0, 1, rise - 1, rise, rise + 1, total // 2, total - 1]
    sizes = dict(iters_per_epoch=length, total_iters=total, scaled_lr=peak)
    found = schedules(iterations, {**recipe, **sizes})
    for step, rate, momentum in zip(iterations, found['lr'], found['ema_m'], strict=True):
        epoch = step / length
        share = (epoch - recipe['warmup']) / (recipe['epochs'] - recipe['warmup'])
        falling = peak * 0.5 * (1 + math.cos(math.pi * share))
        assert rate == pytest.approx(peak * epoch / recipe['warmup'] if step < rise else falling, rel=1e-9)
        kept = 1 - 0.5 * (1 + math.cos(math.pi * epoch / recipe['epochs'])) * (1 - recipe['m'])
        assert momentum == pytest.approx(kept, rel=1e-12)
    assert found['lr'][0] == 0


def schedules(iterations, recipe):
    """Learning rates and momenta that a recipe's schedule and model take in iterations."""
    length, epochs = recipe['iters_per_epoch'], recipe['epochs']
    assert length * epochs == recipe['total_iters']
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=recipe['base_lr'] * recipe['batch'] / 256)
    assert optimizer.param_groups[0]['lr'] == pytest.approx(recipe['scaled_lr'], rel=1e-12)
    kind = PARAM_SCHEDULERS.get('WarmupCosineLR')
    schedule = kind(optimizer, warmup_epochs=recipe['warmup'], epochs=epochs, epoch_length=length)
    neck = dict(type='MLPNeck', in_channels=3, hidden_channels=4, out_channels=4)
    backbone = dict(type='MoCoV3StandIn', image=3, width=2, stride=1, feat=3, second_stride=1)
    model = MODELS.build(
        dict(type='MoCoV3', backbone=backbone, neck=neck, head=head(4), base_momentum=recipe['m'], final_momentum=1.0)
    )
    rates, momenta, done = [], [], 0
    model.momentum_encoder.update = lambda momentum, **_: momenta.append(momentum)
    for iteration in iterations:
        schedule.move(iteration - done)
        rates.append(optimizer.param_groups[0]['lr'])
        model.begin_step(Progress(iteration, length, epochs))
        done = iteration
    return dict(lr=rates, ema_m=momenta)
