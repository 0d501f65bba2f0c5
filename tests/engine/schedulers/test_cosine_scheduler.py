import numpy as np
import pytest
import torch

from sslrecipes.engine.schedulers import CosineScheduler
from sslrecipes.errors import ConfigError


def curve(micro_batches, param_name='lr', **kwargs):
    """Values of a group with, and a group without weight decay."""
    groups = [
        dict(params=[torch.nn.Parameter(torch.zeros(1))], weight_decay=0.04 * scale, decay_scale=scale)
        for scale in (1.0, 0.0)
    ]
    optimizer = torch.optim.SGD(groups, lr=2.0)
    settings = dict(epochs=5, final=0.5, epoch_length=4) | kwargs
    schedule = CosineScheduler(optimizer, param_name=param_name, **settings)
    values = []
    for _ in range(micro_batches):
        values.append([group[param_name] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return np.array(values)


def test_rise_holds_both_ends_and_the_cosine_begins_with_the_peak_again():
    values = curve(20, warmup_epochs=2, start=0.1)[:, 0]
    np.testing.assert_allclose(values[:8], np.linspace(0.1, 2.0, 8))
    np.testing.assert_allclose(values[8:], 0.5 + 0.75 * (1 + np.cos(np.pi * np.arange(12) / 12)))


def test_a_rise_of_a_single_step_is_its_start():
    assert curve(2, epoch_length=1, warmup_epochs=1, start=0.1)[:, 0].tolist() == [0.1, 2.0]


def test_weight_decay_rises_where_there_is_some():
    values = curve(20, 'weight_decay', final=0.4)
    assert values[0, 0] == pytest.approx(0.04)
    assert (np.diff(values[:, 0]) > 0).all()
    assert values[-1, 0] < 0.4
    assert (values[:, 1] == 0).all()


def test_lr_scale_does_not_scale_weight_decay():
    group = dict(params=[torch.nn.Parameter(torch.zeros(1))], lr_scale=0.1, weight_decay=0.04)
    optimizer = torch.optim.SGD([group], lr=1.0)
    CosineScheduler(optimizer, epochs=2, final=0.4, epoch_length=4, param_name='weight_decay')
    assert optimizer.param_groups[0]['weight_decay'] == pytest.approx(0.04)


def test_once_per_epoch_it_is_the_value_of_the_first_step():
    values = curve(20, per_epoch=True)[:, 0]
    np.testing.assert_array_equal(values, np.repeat(curve(20)[::4, 0], 4))


def test_value_follows_optimizer_steps_whatever_is_left_over_of_an_epoch():
    values = curve(25, accumulative_counts=2, epoch_length=5)[:, 0]
    steps = curve(10, epoch_length=2)[:, 0]
    by_epoch = values.reshape(5, 5)
    np.testing.assert_allclose(by_epoch[:, :4], np.repeat(steps, 2).reshape(5, 4))
    np.testing.assert_array_equal(by_epoch[:, 4], by_epoch[:, 3])


def test_weight_decay_may_begin_at_zero():
    group = dict(params=[torch.nn.Parameter(torch.zeros(1))], weight_decay=0.0, decay_scale=1.0)
    optimizer = torch.optim.SGD([group], lr=1.0)
    schedule = CosineScheduler(optimizer, epochs=2, final=0.3, epoch_length=2, param_name='weight_decay')
    optimizer.step()
    schedule.step()
    assert 0 < optimizer.param_groups[0]['weight_decay'] < 0.3


def test_training_may_be_all_warmup():
    values = curve(21, warmup_epochs=5, start=0.1)[:, 0]
    np.testing.assert_allclose(values[:20], np.linspace(0.1, 2.0, 20))


def test_warmup_longer_than_training_is_refused():
    with pytest.raises(ConfigError, match='warmup_epochs=6'):
        curve(1, warmup_epochs=6)
