"""Training loop."""

from __future__ import annotations

from typing import Any

from mmengine.runner import EpochBasedTrainLoop

from sslrecipes.errors import ConfigError
from sslrecipes.registry import LOOPS


@LOOPS.register_module()
class SSLTrainLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop; gradient accumulation starts anew at each epoch.

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
        self.runner.optim_wrapper.begin_epoch()
        super().run_epoch()
