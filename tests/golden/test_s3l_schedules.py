"""The schedules of S3L's scripts, at real length."""

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
PER_ITERATION = ('main.py', 'main_freeze.py')
STEPS = 'ImageNet_experiments/main_lincls.py'


def schedule_of(script, args):
    """What stands in a recipe for the arguments of a script."""
    args = DEFAULTS | args
    cosine = not args['step_lr'] if script in PER_ITERATION else args['cos'] and script != STEPS
    if not cosine:
        milestones = [epoch for epoch in args['schedule'] if epoch < args.get('epochs', 10**9)]
        return dict(type='MultiStepLR', by_epoch=True, milestones=milestones, gamma=0.1)
    warmup = dict(warmup_epochs=args['warmup_epochs'], start=args['warmup_from']) if args['warm'] else {}
    per_epoch = read_config(RECIPE).param_scheduler.per_epoch and script not in PER_ITERATION
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


@pytest.mark.golden('s3l/lr_schedules')
def test_schedule(case):
    for name, spec in case.meta['schedules'].items():
        assert set(spec['args']) <= {*DEFAULTS, 'lr', 'epochs', 'schedule'}, name
        cfg = schedule_of(spec['script'], spec['args'])
        points = [point if isinstance(point, list) else [point, 0, 7] for point in spec['points']]
        found = [rate(cfg, spec['args']['lr'], *point) for point in points]
        assert found == pytest.approx(spec['values'], rel=1e-6, abs=1e-15), name
        torch.testing.assert_close(torch.tensor(found), case[f'out/{name}'], rtol=1e-6, atol=1e-12)
