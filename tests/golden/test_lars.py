"""The one LARS class against the official ones of all systems."""

import pytest
import torch
from torch import nn

from sslrecipes.engine.optimizers import LARS


def take_step(optimizer, params, grads, lr):
    for group in optimizer.param_groups:
        group['lr'] = lr
    for name, param in params.items():
        param.grad = grads.get(name)
    optimizer.step()


def assert_equal(params, expected, rtol=1e-5, atol=1e-7):
    actual = {name: param.detach() for name, param in params.items()}
    torch.testing.assert_close(actual, {name: expected[name] for name in actual}, rtol=rtol, atol=atol)


@pytest.mark.golden('sslight/lars')
def test_three_groups(case):
    params = {name: nn.Parameter(value.clone()) for name, value in case.part('state/').items()}
    dense = [params[name] for name in params if name not in ('DW', 'b')]
    groups = [dict(params=dense), dict(params=[params['DW']]), dict(params=[params['b']], adapt=False)]
    optimizer = LARS(groups, lr=0.0, momentum=case.hyper['momentum'], trust_coefficient=case.hyper['eta'])
    schedule = zip(case.hyper['lr_per_step'], case.hyper['weight_decay_group0_per_step'], strict=True)
    for step, (lr, decay) in enumerate(schedule):
        optimizer.param_groups[0]['weight_decay'] = decay
        grads = {name: case.tensors.get(f'in/grad_{name}_{step}') for name in params}
        take_step(optimizer, params, grads, lr)
        assert_equal(params, {name: case[f'out/{name}_after_{step}'] for name in params})


@pytest.mark.golden('w2ssl/lars')
def test_vectors_are_left_alone(case):
    params = {name: nn.Parameter(value.clone()) for name, value in case.part('state/').items()}
    meta = case.meta
    optimizer = LARS(
        params.values(),
        lr=0.0,
        momentum=meta['sgd_momentum'],
        weight_decay=meta['weight_decay'],
        trust_coefficient=meta['trust_coefficient'],
        adapt_vectors=False,
    )
    for step, lr in enumerate(meta['lrs']):
        take_step(optimizer, params, case.part(f'in/step{step}/grad/'), lr)
        assert_equal(params, case.part(f'out/step{step}/param/'))


@pytest.mark.golden('mae_priv/lars', 'mae_priv/lars_wd')
def test_never_adapts_without_decay(case):
    hyper = case.hyper
    params = {name: nn.Parameter(value.clone()) for name, value in case.part('in/').items() if name.startswith('param')}
    optimizer = LARS(
        params.values(),
        lr=hyper['lr'],
        momentum=hyper['momentum'],
        weight_decay=hyper['weight_decay'],
        trust_coefficient=hyper['trust_coeff'],
        eps=hyper['eps'],
        trust_clip=hyper['trust_clip'],
        dampening=hyper['dampening'],
        nesterov=hyper['nesterov'],
        adapt_without_decay=hyper['always_adapt'],
        decay_gradient=False,
        denominator='gradient_plus_decay',
    )
    for step in range(hyper['steps']):
        grads = {name: case[f'in/grad_{step}_{name.removeprefix("param_")}'] for name in params}
        take_step(optimizer, params, grads, hyper['lr'])
    assert_equal(params, case.part('out/'), rtol=1e-4, atol=1e-6)
