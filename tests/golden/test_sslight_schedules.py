"""Every schedule of the published SSLight recipes, at real length."""

import math

import pytest
import torch

from sslrecipes.engine.schedulers import StepCosine
from sslrecipes.models.heads import DINOHead
from sslrecipes.models.layers.cosine import cosine

COSINE = {'base_value', 'final_value', 'epochs', 'niter_per_ep', 'warmup_epochs', 'start_warmup_value'}
TEACHER_TEMP = {'a', 'b', 'n', 'epochs'}


def approx(value):
    return pytest.approx(value, rel=1e-6, abs=0)  # the tolerance of the case


def step_cosine(args, param_name, per_epoch=False):
    """The schedule of a recipe, and the parameter group that it sets."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], **{'lr': 0.1, param_name: args['base_value']})
    schedule = StepCosine(
        optimizer,
        epochs=args['epochs'],
        final=args['final_value'],
        warmup_epochs=args.get('warmup_epochs', 0),
        start=args.get('start_warmup_value', 0.0),
        per_epoch=per_epoch,
        param_name=param_name,
        epoch_length=args['niter_per_ep'],
    )
    return schedule, optimizer.param_groups[0]


def check_step_cosine(spec, param_name, per_epoch):
    args = spec['args']
    assert set(args) <= COSINE
    schedule, group = step_cosine(args, param_name, per_epoch)
    for iteration, expected in zip(spec['iterations'], spec['values'], strict=True):
        schedule.move(iteration - schedule.last_step)
        assert group[param_name] == approx(expected), iteration
    each_step, _ = step_cosine(args, param_name)  # officially an array that evaluations look at once per epoch
    assert spec['length'] == args['epochs'] * args['niter_per_ep']
    assert math.fsum(each_step.value_at(step, args['base_value']) for step in range(spec['length'])) == approx(
        spec['sum']
    )


def check_momentum(spec):
    args, length = spec['args'], spec['length']
    assert set(args) <= COSINE
    assert not args.get('warmup_epochs')
    values = [cosine(step, length, args['base_value'], args['final_value']) for step in range(length)]
    assert [values[iteration] for iteration in spec['iterations']] == approx(spec['values'])
    assert math.fsum(values) == approx(spec['sum'])


def check_teacher_temp(spec):
    args = spec['args']
    assert set(args) == TEACHER_TEMP
    head = DINOHead(
        out_channels=2,
        loss_weights=(0.5, 0.5),
        warmup_teacher_temp=args['a'],
        teacher_temp=args['b'],
        warmup_teacher_temp_epochs=args['n'],
    )
    values = [head.teacher_temperature(epoch) for epoch in range(args['epochs'])]
    assert len(values) == spec['length']
    assert [values[epoch] for epoch in spec['iterations']] == approx(spec['values'])
    assert math.fsum(values) == approx(spec['sum'])


@pytest.mark.golden('sslight/schedules')
def test_schedules(case):
    for name, spec in case.meta['schedules'].items():
        assert spec['kind'] in ('cosine', 'teacher_temp'), f'the test does not know the schedule {name}'
        if spec['kind'] == 'teacher_temp':
            check_teacher_temp(spec)
        elif 'momentum' in name:
            check_momentum(spec)
        else:
            check_step_cosine(spec, 'weight_decay' if name.endswith('_wd') else 'lr', name.endswith('_epoch_start'))
