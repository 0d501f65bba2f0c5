"""Schedules that begin with a warm-up."""

from __future__ import annotations


def outlasts_training(epochs: float, warmup_epochs: float, may_be_all: bool = False) -> str | None:
    """A warm-up leaves nothing of the schedule.

    Args:
        epochs: Length of the schedule.
        warmup_epochs: Length of the warm-up.
        may_be_all: Whether the schedule may be all warm-up.
    """
    if 0 <= warmup_epochs < epochs or (may_be_all and warmup_epochs == epochs):
        return None
    most = 'no more' if may_be_all else 'less'
    return f'warmup_epochs={warmup_epochs} must be {most} than epochs={epochs}.'
