"""What methods on one view of each image have in common."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod


class OneViewMethod(MultiCropMethod):
    """Method on one tensor ``(B, 3, H, W)``; the arguments are those of :class:`MultiCropMethod`."""

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse several views.

        Raises:
            ConfigError: If there are.
        """
        if not isinstance(inputs, Tensor):
            raise ConfigError(
                f'{type(self).__name__} takes one view of an image, the data gives {len(inputs)}: use transforms such '
                'as RandomResizedCrop and RandomFlip instead of several views.'
            )
