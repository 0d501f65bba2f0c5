"""Images without colour, brightness and contrast."""

from __future__ import annotations

from typing import Any

import mmcv.transforms
import numpy as np

from sslrecipes.registry import TRANSFORMS

LUMA = np.array([0.114, 0.587, 0.299], np.float32)
"""Weights of the channels, BGR (Rec. 601)."""


@TRANSFORMS.register_module()
class StandardizedGrey(mmcv.transforms.BaseTransform):
    """Grey levels of equal mean and standard deviation in every image, so that only shape and texture tell them apart.

    Changes ``img`` ``(H, W, 3)``, BGR uint8; the three channels become equal. The mean is 128.

    Args:
        std: Standard deviation of the grey levels afterwards, but for those that are cut off at 0 and 255.
        noise: Added to the standard deviation that is there, so that noise is not all that is left of an even image.
    """

    def __init__(self, std: float = 56.0, noise: float = 4.0) -> None:
        self.std = std
        self.noise = noise

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with a new ``img``."""
        grey = results['img'].astype(np.float32) @ LUMA
        levels = (grey - grey.mean()) * (self.std / (grey.std() + self.noise)) + 128
        results['img'] = np.repeat(levels.round().clip(0, 255).astype(np.uint8)[..., None], 3, axis=-1)
        return results

    def __repr__(self) -> str:
        """State the options."""
        return f'{type(self).__name__}(std={self.std}, noise={self.noise})'
