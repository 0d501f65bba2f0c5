"""A run with checkpoints."""

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.runner import SSLRunner


@pytest.fixture
def saved(mae_on_digits):
    """A run of which every second epoch and the middle of the third are stored."""
    mae_on_digits.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, interval_iters=5)
    SSLRunner.from_cfg(mae_on_digits).train()
    mae_on_digits.resume = True
    return mae_on_digits


@pytest.fixture
def last_weights():
    """Function that reads all weights of a run's newest checkpoint."""

    def read(cfg):
        state = read_checkpoint(CheckpointStore(cfg.work_dir).newest_good()[0])['state_dict']
        return torch.cat([value.flatten() for value in state.values()])

    return read


@pytest.fixture
def keep_only():
    """Function that removes all checkpoints of a run but one."""

    def remove(cfg, name):
        for path in CheckpointStore(cfg.work_dir).checkpoints():
            if path.name != name:
                path.unlink()

    return remove
