"""Let every loader of the stack decode pictures in one way.

``mmcv.imfrombytes``, which all loaders of mmcv, mmdet, mmseg and mmpretrain call, returns ``None`` for damaged bytes or
crashes, fills what is missing with grey (OpenCV up to 4.10), and turns, blends or darkens a picture depending on its
format (see :mod:`sslrecipes.datasets.images.decoding`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def install(imfrombytes: Callable[..., Any]) -> None:
    """Put a function in the place of ``mmcv.imfrombytes``."""
    import mmcv

    for module in (mmcv, mmcv.image, mmcv.image.io):
        module.imfrombytes = imfrombytes
