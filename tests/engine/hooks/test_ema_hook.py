import pytest

from sslrecipes.engine.hooks import EMAHook
from sslrecipes.engine.runner import SSLRunner


@pytest.mark.parametrize(('counts', 'updates'), [(1, 8), (2, 4), (3, 2)])
def test_averages_move_once_per_optimizer_step(mae_on_digits, counts, updates):
    """Two epochs of four micro-batches."""
    mae_on_digits.optim_wrapper.accumulative_counts = counts
    mae_on_digits.train_cfg.max_epochs = 2
    mae_on_digits.custom_hooks = [dict(type='EMAHook')]
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    hook = next(hook for hook in runner.hooks if isinstance(hook, EMAHook))
    assert hook.ema_model.steps == updates


def test_arguments_of_mmpretrain_are_taken():
    assert EMAHook(evaluate_on_origin=True, momentum=0.1).evaluate_on_origin
