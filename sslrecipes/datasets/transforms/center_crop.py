"""Evaluation views."""

from __future__ import annotations

from typing import Any

import mmcv.transforms

from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CenterCrop(mmcv.transforms.CenterCrop):
    """mmcv's ``CenterCrop``, which doesn't return less than it was asked for.

    mmcv's gives what there is of a smaller image, which fails later, when a batch is made of unequal images.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop.

        Raises:
            DataError: The image is smaller than ``crop_size``, and ``auto_pad`` isn't set.
        """
        height, width = results['img'].shape[:2]
        if (width < self.crop_size[0] or height < self.crop_size[1]) and not self.auto_pad:
            raise DataError(
                f'CenterCrop: the crop of {self.crop_size[0]} x {self.crop_size[1]} is larger than '
                f'{results.get("img_path", "an image")}, {width} x {height} pixels at this point: set a larger scale '
                'of the transform before it, a smaller crop_size, or auto_pad=True.'
            )
        return super().transform(results)
