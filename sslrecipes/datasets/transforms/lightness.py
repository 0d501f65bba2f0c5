"""Images without colour, as Colorization sees them."""

from __future__ import annotations

from typing import Any

import cv2
import mmcv.transforms
import numpy as np

from sslrecipes.datasets.transforms.views.pixels import bgr_of
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class Lightness(mmcv.transforms.BaseTransform):
    """The lightness L of Lab, from 0 to 255, in all three channels.

    Put it into the pipelines of evaluations of a network that Colorization has trained, which has seen no colours.

    Changes ``img``, ``(H, W, 3)`` or ``(H, W)``, BGR uint8, to ``(H, W, 3)``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with a new ``img``.

        Raises:
            DataError: The image is empty, or isn't one of bytes with one or three channels.
        """
        image = bgr_of(results['img'], 'Lightness', results.get('img_path') or 'an image')
        lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
        levels = (lab[..., :1] * 2.55).round().astype(np.uint8)
        results['img'] = np.repeat(levels, 3, axis=-1)
        return results

    def __repr__(self) -> str:
        """State the name; there are no options."""
        return f'{type(self).__name__}()'
