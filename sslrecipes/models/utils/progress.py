"""Where a training run is."""

from __future__ import annotations

from typing import NamedTuple


class Progress(NamedTuple):
    """Optimizer steps done, and how many there are.

    Attributes:
        step: Optimizer steps done before the one that begins.
        steps_per_epoch: Optimizer steps of an epoch.
        epochs: Length of the run.
        micro_batches: Micro-batches of an optimizer step.
    """

    step: int
    steps_per_epoch: int
    epochs: int
    micro_batches: int = 1

    @property
    def epoch(self) -> int:
        """Epoch of the step that begins, from 0."""
        return self.step // self.steps_per_epoch

    @property
    def total_steps(self) -> int:
        """Optimizer steps of the run."""
        return self.steps_per_epoch * self.epochs
