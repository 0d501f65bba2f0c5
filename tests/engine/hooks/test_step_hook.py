import pytest
import torch
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from sslrecipes.engine.hooks.step_hook import batch_sizes
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.models.methods.mae import MAE


class Timed(MAE):
    """MAE that notes down what it hears, and withholds its patch embedding in the first epoch."""

    calls = ()

    def begin_step(self, progress):
        self.progress = progress
        self.calls = (*self.calls, tuple(progress))

    def end_step(self):
        self.calls = (*self.calls, 'end')

    def withheld_parameters(self):
        return self.backbone.patch_embed.parameters() if self.progress.epoch < 1 else ()

    def loss(self, *args, **kwargs):
        self.calls = (*self.calls, 'loss')
        return super().loss(*args, **kwargs)


class Notes(Hook):
    """Keep the patch embedding after each epoch; ``refused`` steps, counted from 0, are not taken."""

    priority = 'LOWEST'

    def __init__(self, refused=()):
        self.refused, self.asked, self.weights = refused, -1, []

    def before_train(self, runner):
        runner.optim_wrapper.guard = self
        self.after_train_epoch(runner)

    def after_train_epoch(self, runner):
        self.weights.append(runner.model.backbone.patch_embed.projection.weight.detach().clone())

    def see_loss(self, loss):
        pass

    def allows_step(self):
        self.asked += 1
        return self.asked not in self.refused


@pytest.fixture
def train(mae_on_digits):
    """Train for two epochs of four micro-batches."""

    def run(accumulative_counts=1, refused=(), model=Timed):
        cfg = mae_on_digits
        cfg.model.type = model
        cfg.optim_wrapper.accumulative_counts = accumulative_counts
        cfg.train_cfg.max_epochs = 2
        cfg.default_hooks = dict(checkpoint=None, nonfinite=None)
        runner, notes = SSLRunner.from_cfg(cfg), Notes(refused)
        runner.register_hook(notes)
        runner.train()
        return runner, notes

    return run


def test_each_step_is_announced_and_followed_up(train):
    runner, _ = train()
    steps = [((step, 4, 2, 1), 'loss', 'end') for step in range(8)]
    assert runner.model.calls == sum(steps, ())


@pytest.mark.parametrize(('counts', 'steps_per_epoch'), [(2, 2), (4, 1)])
def test_micro_batches_of_a_step_come_between(train, counts, steps_per_epoch):
    runner, _ = train(counts)
    steps = [((step, steps_per_epoch, 2, counts), *['loss'] * counts, 'end') for step in range(2 * steps_per_epoch)]
    assert runner.model.calls == sum(steps, ())


def test_micro_batches_left_over_begin_no_step_and_are_not_seen(train):
    runner, _ = train(3)
    epochs = [((epoch, 1, 2, 3), 'loss', 'loss', 'loss', 'end') for epoch in range(2)]
    assert runner.model.calls == sum(epochs, ())


def test_a_step_that_is_not_taken_is_not_followed_up(train):
    runner, _ = train(2, refused={0, 3})
    steps = [((step, 2, 2, 2), 'loss', 'loss', *['end'][: step in (1, 2)]) for step in range(4)]
    assert runner.model.calls == sum(steps, ())


@pytest.mark.parametrize('counts', [1, 2])
def test_withheld_parameters_stay_as_they_are(train, counts):
    runner, notes = train(counts)
    first, after_first, after_second = notes.weights
    torch.testing.assert_close(after_first, first, rtol=0, atol=0)
    assert not after_second.equal(after_first)
    assert runner.optim_wrapper.withheld == ()


def test_methods_without_such_needs_are_left_alone(train):
    runner, notes = train(model='MAE')
    assert runner.optim_wrapper.withheld == ()
    assert not notes.weights[1].equal(notes.weights[0])


@pytest.mark.parametrize(('count', 'drop_last', 'sizes'), [(8, False, {4}), (9, False, {4, 1}), (9, True, {4})])
def test_sizes_of_batches(count, drop_last, sizes):
    assert batch_sizes(DataLoader(range(count), batch_size=4, drop_last=drop_last)) == sizes
