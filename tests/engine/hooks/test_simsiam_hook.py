from types import SimpleNamespace

import pytest

from sslrecipes.engine.hooks import SimSiamHook


@pytest.mark.parametrize(('batches_done', 'lr'), [(0, 0.5), (3, 0.1)])
def test_the_rate_is_fixed_as_an_epoch_begins_and_not_within(batches_done, lr):
    group = dict(lr=0.1, fix_lr=True)
    optim_wrapper = SimpleNamespace(optimizer=SimpleNamespace(param_groups=[group]))
    runner = SimpleNamespace(optim_wrapper=optim_wrapper, train_loop=SimpleNamespace(batches_done=batches_done))
    SimSiamHook(fix_pred_lr=True, lr=0.5).before_train_epoch(runner)
    assert group['lr'] == lr
