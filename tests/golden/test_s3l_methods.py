"""MoCo v2, BYOL, SimCLR and SimSiam of S3L against the official code."""

import pytest
import torch
from golden import s3l_methods
from golden.s3l_methods import build, compare_gradients, compare_states, optimizer_of, take_step

from sslrecipes.models.methods import BYOL
from sslrecipes.registry import MODELS

LOSS = dict(rtol=1e-4, atol=1e-6)


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def depth(case, prefix):
    """Number of linear layers of the projection that the case calls ``prefix``."""
    return sum(value.dim() == 2 for name, value in case.part(f'state/{prefix}').items() if name.endswith('weight'))


def train(case, model, names):
    """Take the steps of the case with views of these names; yields number, loss and gradients."""
    optimizer = optimizer_of(model, case.hyper)
    for number, expected in enumerate(case.meta['steps']):
        assert expected['step'] == number
        views = [case[f'in/step{number}/{name}'] for name in names]
        loss, gradients = take_step(model, views, optimizer, number)
        torch.testing.assert_close(loss, case[f'out/step{number}/loss'].squeeze(), **LOSS)
        torch.testing.assert_close(loss.item(), expected['loss'], **LOSS)
        stored = case.part(f'out/step{number}/grad/')
        if stored:
            compare_gradients(type(model).__name__, gradients, stored)
        yield number, expected


@pytest.mark.golden('s3l/moco_v2')
def test_moco(case, one_thread, monkeypatch):
    hyper = case.hyper
    assert set(hyper) == {
        'batch', 'dim', 'K', 'm', 'T', 'mlp', 'image', 'lr', 'sgd_momentum', 'weight_decay', 'world_size',
    }  # fmt: skip
    assert hyper['world_size'] == 1
    sizes = {'neck.num_layers': 2 if hyper['mlp'] else 1, 'neck.out_channels': hyper['dim'], 'momentum': hyper['m']}
    head = {'head.feat_channels': hyper['dim'], 'head.queue_length': hyper['K'], 'head.temperature': hyper['T']}
    model = build(case, 'moco-v2_resnet50', **sizes, **head)
    logits, compute = [], model.head.logits
    monkeypatch.setattr(model.head, 'logits', lambda *args: logits.append(compute(*args)) or logits[-1])
    for number, expected in train(case, model, ('im_q', 'im_k')):
        torch.testing.assert_close(logits[-1].detach(), case[f'out/step{number}/logits'], rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(model.head.queue, case[f'out/step{number}/queue_after'], rtol=1e-3, atol=1e-5)
        assert int(model.head.queue_ptr) == expected['queue_ptr_after']
    compare_states(model, case.part('state/'), case.part('out/state_after/'))


@pytest.mark.golden('s3l/byol')
def test_byol(case, one_thread):
    hyper = case.hyper
    assert set(hyper) == {
        'batch', 'image', 'projection_size', 'hidden', 'ema_decay', 'lr', 'sgd_momentum', 'weight_decay',
    }  # fmt: skip
    width = hyper['projection_size']
    sizes = {'neck.hidden_channels': hyper['hidden'], 'neck.out_channels': width}
    predictor = {'in_channels': width, 'hidden_channels': hyper['hidden'], 'out_channels': width}
    momentum = {'base_momentum': hyper['ema_decay'], 'final_momentum': hyper['ema_decay']}
    nested = {f'head.predictor.{key}': value for key, value in predictor.items()}
    model = build(case, 'byol_resnet50', **sizes, **nested, **momentum)
    assert isinstance(model, BYOL)
    for _ in train(case, model, ('image_one', 'image_two')):
        pass
    untrained = s3l_methods.keymap('BYOL').to_ours(dict.fromkeys(case.meta['no_grad_params']))
    assert not any(model.get_parameter(name).requires_grad for name in untrained)
    compare_states(model, case.part('state/'), case.part('out/state_after/'))


@pytest.mark.golden('s3l/simclr_ntxent')
def test_contrastive_loss(case):
    hyper = case.hyper
    assert set(hyper) == {'batch', 'dim', 'temperature', 'base_temperature'}
    cfg = dict(type='SimCLRHead', temperature=hyper['temperature'], gather=False)
    features = case['in/features'].requires_grad_()
    loss = MODELS.build(dict(cfg, base_temperature=hyper['base_temperature'])).loss(features)
    loss.backward()
    plain = MODELS.build(cfg).loss(features)
    torch.testing.assert_close(loss, case['out/loss'].squeeze(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(plain, case['out/plain_ntxent'].squeeze(), rtol=1e-5, atol=1e-6)
    assert float((loss / plain).detach()) == pytest.approx(case.meta['ratio'], rel=1e-5)
    torch.testing.assert_close(features.grad, case['out/grad_features'], rtol=1e-3, atol=1e-6)


@pytest.mark.golden('s3l/simclr_step')
def test_simclr(case, one_thread):
    hyper = case.hyper
    assert set(hyper) == {'batch', 'dim', 'temperature', 'image', 'mlp'}
    sizes = {'neck.num_layers': 2 if hyper['mlp'] else 1, 'neck.out_channels': hyper['dim']}
    model = build(case, 'simclr_resnet50', **sizes, **{'head.temperature': hyper['temperature']})
    embeddings, compute = [], model.head.loss
    model.head.loss = lambda rows: embeddings.append(rows) or compute(rows)
    loss, gradients = take_step(model, [case['in/view1'], case['in/view2']])
    torch.testing.assert_close(loss, case['out/loss'].squeeze(), **LOSS)
    torch.testing.assert_close(loss.item(), case.meta['loss'], **LOSS)
    torch.testing.assert_close(embeddings[0].detach(), case['out/features'], rtol=1e-4, atol=1e-6)
    compare_gradients('SimCLR', gradients, case.part('out/grad/'))


@pytest.mark.golden('s3l/simsiam')
def test_simsiam(case, one_thread):
    hyper = case.hyper
    assert set(hyper) == {'batch', 'image', 'proj_hid', 'proj_out', 'pred_hid', 'pred_out'}
    neck = {
        'hidden_channels': hyper['proj_hid'],
        'out_channels': hyper['proj_out'],
        'num_layers': depth(case, 'projection'),
    }
    predictor = dict(in_channels=hyper['proj_out'], hidden_channels=hyper['pred_hid'], out_channels=hyper['pred_out'])
    sizes = {f'neck.{key}': value for key, value in neck.items()}
    sizes |= {f'head.predictor.{key}': value for key, value in predictor.items()}
    model = build(case, 'simsiam_resnet50', **sizes)
    terms, compute = [], model.head._compare
    model.head._compare = lambda *pair: terms.append(compute(*pair)) or terms[-1]
    loss, gradients = take_step(model, [case['in/view1'], case['in/view2']])
    torch.testing.assert_close(loss, case['out/loss'].squeeze(), **LOSS)
    torch.testing.assert_close(loss.item(), case.meta['loss'], **LOSS)
    for term, name in zip(terms, ('d1', 'd2'), strict=True):
        torch.testing.assert_close(term.detach(), case[f'out/{name}'].squeeze(), **LOSS)
    compare_gradients('SimSiam', gradients, case.part('out/grad/'))
    state = model.state_dict()
    for name, value in s3l_methods.keymap('SimSiam').to_ours(case.part('out/state_after_forward/')).items():
        torch.testing.assert_close(state[name], value, rtol=1e-3, atol=1e-5, msg=name)
