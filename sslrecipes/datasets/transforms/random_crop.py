"""Training views that are cut out without resizing."""

from __future__ import annotations

from typing import Any

import mmpretrain.datasets.transforms

from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomCrop(mmpretrain.datasets.transforms.RandomCrop):
    """mmpretrain's ``RandomCrop``, which doesn't return less than it was asked for.

    mmpretrain's gives what there is of a smaller image, which fails later, when a batch is made of unequal images.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pad, if that was asked for, and crop.

        Raises:
            DataError: The image is smaller than ``crop_size``, also when it has been padded.
        """
        height, width = results['img'].shape[:2]
        cropped: dict[str, Any] = super().transform(results)
        if cropped['img'].shape[:2] != tuple(self.crop_size):
            raise DataError(
                f'RandomCrop: the crop of {self.crop_size[1]} x {self.crop_size[0]} is larger than '
                f'{results.get("img_path", "an image")}, {width} x {height} pixels at this point: set a larger scale '
                'of the transform before it, a smaller crop_size, or pad_if_needed=True.'
            )
        return cropped
