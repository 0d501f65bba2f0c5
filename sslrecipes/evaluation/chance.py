"""How much of a difference between two accuracies may be the chance of which images were drawn."""

from __future__ import annotations

import math


def standard_error(one: float, other: float, images: int) -> float:
    """Binomial standard error, in points, of the difference of two accuracies in % on ``images`` images each.

    Their mean stands for both (pooled). Two networks that are evaluated on the same images err on some of them
    together, so the true error is smaller: what is above it is so all the more.

    Example:
        >>> round(standard_error(93.75, 92.5, 80), 2)
        4.0
    """
    share = (one + other) / 200
    return 100 * math.sqrt(2 * share * (1 - share) / images)


def in_words(accuracy: float, baseline: float, images: int) -> str:
    """Say whether an accuracy in % is better or worse than another by more than two standard errors."""
    difference = accuracy - baseline
    if abs(difference) <= 2 * standard_error(accuracy, baseline, images):
        return 'within chance'
    return 'better' if difference > 0 else 'worse'
