"""Images without colour, as Colorization sees them."""

from __future__ import annotations

from typing import Any

import cv2
import mmcv.transforms
import numpy as np

from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Lightness(mmcv.transforms.BaseTransform):
    """The lightness L of Lab, from 0 to 255, in all three channels.

    Put it into the pipelines of evaluations of a network that Colorization has trained, which has seen no colours.

    Changes ``img`` ``(H, W, 3)``, BGR uint8.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with a new ``img``."""
        lab = cv2.cvtColor(results['img'].astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
        levels = (lab[..., :1] * 2.55).round().astype(np.uint8)
        results['img'] = np.repeat(levels, 3, axis=-1)
        return results

    def __repr__(self) -> str:
        """State the name; there are no options."""
        return f'{type(self).__name__}()'
