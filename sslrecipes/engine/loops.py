"""Training loop."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from mmengine.runner import EpochBasedTrainLoop

from sslrecipes.errors import ConfigError
from sslrecipes.registry import LOOPS


def seed_generators(seed: int, epoch: int) -> None:
    """Seed Python's, numpy's and torch's generators (on every device) for an epoch."""
    words = np.random.SeedSequence([seed, epoch]).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(words[1])
    torch.manual_seed(int(words[2]))


@LOOPS.register_module()
class SSLTrainLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop, each epoch of which depends on what it starts with alone.

    Gradient accumulation starts anew, and the generators that masks and drop-path draw from are seeded by (the rank's
    seed, epoch): a run resumed after an epoch goes on exactly as it would have, while upstream repeats the masks of
    the first epoch.

    Args are those of ``mmengine.runner.EpochBasedTrainLoop`` (``max_epochs``, ``val_interval``, ...).

    Raises:
        ConfigError: If an epoch has no batch, or fewer micro-batches than one optimizer step needs.
    """

    def __init__(self, runner: Any, dataloader: Any, max_epochs: int, **kwargs: Any) -> None:
        super().__init__(runner, dataloader, max_epochs, **kwargs)
        needed = runner.accumulative_counts
        if len(self.dataloader) < needed:
            raise ConfigError(
                f'An epoch has {len(self.dataloader)} batches of {self.dataloader.batch_size} from '
                f'{len(self.dataloader.dataset)} images, an optimizer step needs {needed}: lower the batch size or '
                f'accumulative_counts.'
            )

    def run_epoch(self) -> None:
        """Iterate over one epoch."""
        seed_generators(self.runner.seed, self.epoch)
        self.runner.optim_wrapper.begin_epoch()
        super().run_epoch()
