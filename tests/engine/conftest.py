"""Batches that make a model's loss NaN."""

import pytest
import torch
from mmengine.hooks import Hook


class Poison(Hook):
    """Make the first image of some micro-batches NaN."""

    def __init__(self, *iterations):
        self.iterations = iterations

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter in self.iterations:
            data_batch['inputs'] = data_batch['inputs'].float()
            data_batch['inputs'][0] = torch.nan


@pytest.fixture
def poison():
    """Hook class: ``poison(5, 6)`` spoils the micro-batches after which ``runner.iter`` is 6 and 7."""
    return Poison
