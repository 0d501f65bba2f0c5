"""Objects without their background, and how they are laid on another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

HALF = 127
"""An object is there if it covers more of a pixel (0..255)."""


@dataclass(frozen=True)
class Cutout:
    """An object, to be laid on a picture.

    Attributes:
        label: Its class.
        shape: How much of each pixel it covers (0..255), ``(h, w)``.
        surface: Its colours, RGB ``(h, w, 3)``; ``None`` if it has none of its own.
    """

    label: int
    shape: Picture
    surface: Picture | None = None


def blend(picture: Picture, shape: Picture, surface: Picture) -> None:
    """Lay a surface ``(h, w, 3)`` on a picture of that size, in place, as far as ``shape`` says."""
    weight = shape[..., None].astype(np.int32)
    picture[:] = (picture * (255 - weight) + surface * weight + HALF) // 255
