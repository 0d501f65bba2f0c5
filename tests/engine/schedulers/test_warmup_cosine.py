import math

import pytest
import torch

from sslrecipes.engine.schedulers import WarmupCosineLR
from sslrecipes.errors import ConfigError


def make(**kwargs):
    groups = [dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=1.0 * s, lr_scale=s) for s in (1.0, 0.5)]
    optimizer = torch.optim.SGD(groups, lr=1.0)
    settings = dict(epochs=4, warmup_epochs=1, min_lr=0.1, epoch_length=4) | kwargs
    return optimizer, WarmupCosineLR(optimizer, **settings)


def curve(steps, **kwargs):
    optimizer, schedule = make(**kwargs)
    values = []
    for _ in range(steps):
        values.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return values


def test_starts_at_zero_peaks_after_warmup_ends_at_minimum():
    values = [lr for lr, _ in curve(17)]
    assert values[0] == 0.0
    assert values[4] == 1.0
    assert values[16] == pytest.approx(0.1)
    assert values[10] == pytest.approx(0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 0.5)))


def test_scaled_groups_follow_the_scaled_curve_minimum_included():
    assert all(scaled == pytest.approx(0.5 * lr) for lr, scaled in curve(17))


def test_value_changes_at_optimizer_steps_only():
    values = [lr for lr, _ in curve(10, epoch_length=5, accumulative_counts=2)]
    assert values[0] == values[1]
    assert values[2] == values[3]
    assert values[4] != values[3]
    assert values[5] != values[4], 'an epoch starts a new accumulation'


def test_the_cosine_may_move_once_per_epoch_while_the_rise_moves_with_each_step():
    values = [lr for lr, _ in curve(16, start=0.2, per_epoch=True)]
    assert values[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    for epoch in (1, 2, 3):
        cosine = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / 3))
        assert values[4 * epoch : 4 * epoch + 4] == pytest.approx([cosine] * 4)


def test_a_group_may_keep_its_learning_rate():
    groups = [dict(params=[torch.nn.Parameter(torch.zeros(1))], fix_lr=fixed) for fixed in (True, False)]
    optimizer = torch.optim.SGD(groups, lr=0.5)
    schedule = WarmupCosineLR(optimizer, epochs=4, epoch_length=4)
    schedule.move(8)
    assert [group['lr'] for group in optimizer.param_groups] == [0.5, pytest.approx(0.25)]


def test_state_is_the_step_alone():
    _, schedule = make()
    assert set(schedule.state_dict()) == {'last_step', '_global_step'}


def test_resumed_schedule_follows_its_own_recipe():
    optimizer, schedule = make()
    for _ in range(6):
        optimizer.step()
        schedule.step()
    other, resumed = make(epochs=8)
    resumed.load_state_dict(schedule.state_dict())
    other.step()
    resumed.step()
    assert other.param_groups[0]['lr'] == pytest.approx(resumed.value(7 / 4, 1.0))


def test_what_the_optimizer_has_not_is_not_scheduled():
    with pytest.raises(ConfigError, match=r'the optimizer has no option "weigth_decay".*"weight_decay"'):
        make(param_name='weigth_decay')


def test_warmup_longer_than_training_is_refused():
    with pytest.raises(ConfigError, match='warmup_epochs=5'):
        make(warmup_epochs=5)
