"""Images that views can be made of."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sslrecipes.errors import DataError


def bgr_of(image: NDArray[np.uint8], owner: str, name: str) -> NDArray[np.uint8]:
    """Image ``(H, W, 3)`` of one with a channel or three.

    Args:
        image: ``(H, W)``, ``(H, W, 1)`` or ``(H, W, 3)``, BGR.
        owner: The transform that makes the views.
        name: What the image is called.

    Raises:
        DataError: The image is empty, or isn't one of bytes with one or three channels.
    """
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,), (3,)):
        raise DataError(f'{owner} needs images (H, W, 3) of bytes; {name} is {image.shape} of {image.dtype}.')
    if not image.size:
        raise DataError(f'{owner}: {name} is empty, {image.shape[1]} x {image.shape[0]} pixels.')
    return image if image.shape[2:] == (3,) else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
