"""The schedules of S3L's scripts, at real length."""

import math
from pathlib import Path

import pytest
import torch

from sslrecipes.config.reading import read_config
from sslrecipes.registry import PARAM_SCHEDULERS

RECIPE = Path(__file__).parents[2] / 'configs/_base_/schedules/s3l/sgd_coslr.py'
#: Arguments of the scripts, with their defaults.
DEFAULTS = {
    'cos': False,
    'step_lr': None,
    'end_lr': 0.0,
    'warm': False,
    'warmup_from': 0.01,
    'warmup_epochs': 0,
}
#: Scripts whose cosine moves once per epoch; that of all others, which fine-tune, moves with every iteration.
PER_EPOCH = ('moco_pretraining', 'main_moco', 'byol_pretraining', 'simclr_pretraining', 'supervised')
STEPS = 'main_lincls'


def schedule_of(script, args):
    """What stands in a recipe for the arguments of a script."""
    args = DEFAULTS | args
    stem = Path(script).stem
    per_epoch = any(name in stem for name in PER_EPOCH)
    cosine = args['cos'] if per_epoch else not args['step_lr'] and stem != STEPS
    if not cosine:
        milestones = [epoch for epoch in args['schedule'] if epoch < args.get('epochs', 10**9)]
        return dict(type='MultiStepLR', by_epoch=True, milestones=milestones, gamma=0.1)
    warmup = dict(warmup_epochs=args['warmup_epochs'], start=args['warmup_from']) if args['warm'] else {}
    per_epoch = per_epoch and read_config(RECIPE).param_scheduler.per_epoch
    return dict(type='WarmupCosineLR', epochs=args['epochs'], min_lr=args['end_lr'], per_epoch=per_epoch, **warmup)


def without_type(cfg):
    return {key: value for key, value in cfg.items() if key != 'type'}


def rate(cfg, lr, epoch, iteration, length):
    """Learning rate of an iteration."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    if cfg['type'] == 'WarmupCosineLR':
        schedule = PARAM_SCHEDULERS.get('WarmupCosineLR')(optimizer, epoch_length=length, **without_type(cfg))
        schedule.move(epoch * length + iteration)
    else:
        schedule = PARAM_SCHEDULERS.build(cfg, default_args=dict(optimizer=optimizer))
        optimizer.step()
        for _ in range(epoch):
            schedule.step()
    return optimizer.param_groups[0]['lr']


@pytest.mark.parametrize(
    ('script', 'args', 'kind'),
    [
        ('ImageNet_experiments/main_moco.py', {'schedule': [120, 160]}, 'MultiStepLR'),
        ('ImageNet_experiments/main_supervised.py', {'cos': True, 'schedule': [60, 80]}, 'WarmupCosineLR'),
        ('classification_benchmark/voc_eval/main_voc.py', {'step_lr': False, 'schedule': [20, 40]}, 'WarmupCosineLR'),
        ('classification_benchmark/aircraft_eval/main.py', {'step_lr': True, 'schedule': [20, 40]}, 'MultiStepLR'),
        ('ImageNet_experiments/main_lincls.py', {'schedule': [60, 80]}, 'MultiStepLR'),
    ],
)
def test_schedules_without_a_case(script, args, kind):
    """At equal epochs in both halves of a run of 60, by the formulas of the scripts."""
    cfg = schedule_of(script, {'lr': 0.2, 'epochs': 60, **args})
    assert cfg['type'] == kind
    for epoch, iteration in ((0, 0), (19, 6), (20, 0), (45, 3)):
        time = epoch + (0 if 'main_supervised' in script else iteration / 7)
        expected = 0.2 * 0.5 * (1 + math.cos(math.pi * time / 60))
        if kind == 'MultiStepLR':
            expected = 0.2 * 0.1 ** sum(epoch >= milestone for milestone in args['schedule'])
        assert rate(cfg, 0.2, epoch, iteration, 7) == pytest.approx(expected)


def test_an_end_of_the_cosine():
    cfg = schedule_of('ImageNet_experiments/main_moco.py', {'cos': True, 'end_lr': 0.1, 'epochs': 8, 'schedule': []})
    rates = [rate(cfg, 0.3, epoch, 3, 7) for epoch in range(8)]
    assert rates == pytest.approx([0.1 + 0.2 * 0.5 * (1 + math.cos(math.pi * epoch / 8)) for epoch in range(8)])


@pytest.mark.golden('s3l/lr_schedules')
def test_schedule(case):
    for name, spec in case.meta['schedules'].items():
        assert set(spec['args']) <= {*DEFAULTS, 'lr', 'epochs', 'schedule'}, name
        cfg = schedule_of(spec['script'], spec['args'])
        points = [point if isinstance(point, list) else [point, 0, 7] for point in spec['points']]
        found = [rate(cfg, spec['args']['lr'], *point) for point in points]
        assert found == pytest.approx(spec['values'], rel=1e-6, abs=1e-15), name
        torch.testing.assert_close(torch.tensor(found), case[f'out/{name}'], rtol=1e-6, atol=1e-12)
