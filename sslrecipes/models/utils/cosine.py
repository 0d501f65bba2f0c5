"""Half a cosine over optimizer steps, with a linear rise in front."""

from __future__ import annotations

import math


def cosine(step: int, steps: int, start: float, end: float) -> float:
    """Value at ``step`` on half a cosine from ``start`` at step 0 to ``end``, which is reached at ``steps``."""
    if step >= steps:
        return end
    return end + 0.5 * (start - end) * (1 + math.cos(math.pi * step / steps))


def warmup_cosine(
    step: int, steps: int, peak: float, end: float, warmup_steps: int = 0, warmup_start: float = 0.0
) -> float:
    """Value at ``step`` of ``steps``: a straight line, then half a cosine.

    The line goes through ``warmup_start`` at step 0 and ``peak`` at step ``warmup_steps - 1``; the cosine begins one
    step later with ``peak`` again. ``warmup_start`` and ``end`` are absolute.

    Source: ``cosine_scheduler`` of facebookresearch/dino and SSLight.
    """
    if step < warmup_steps:
        return warmup_start + (peak - warmup_start) * step / max(warmup_steps - 1, 1)
    return cosine(step - warmup_steps, steps - warmup_steps, peak, end)
