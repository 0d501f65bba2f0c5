"""Images that a data set holds in memory, as if they had been loaded from files."""

from __future__ import annotations

from typing import Any

import mmcv.transforms
import numpy as np

from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RGBToBGR(mmcv.transforms.BaseTransform):
    """Turn RGB images in memory, such as mmpretrain's ``CIFAR10`` gives, into BGR, as images from files are.

    Put it where other data sets have their loading, before transforms that know red from blue (greyscale, hue), and
    keep ``to_rgb=True`` of the data preprocessor.

    Changes ``img`` ``(H, W, 3)``, RGB to BGR; sets ``img_shape`` and ``ori_shape``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with a new ``img``."""
        results['img'] = np.ascontiguousarray(results['img'][..., ::-1])
        results['img_shape'] = results['ori_shape'] = results['img'].shape[:2]
        return results
