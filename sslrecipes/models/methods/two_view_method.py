"""What methods on two views of equal rank have in common."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, pooled_output


class TwoViewMethod(MultiCropMethod):
    """Method on views ``[g1, g2]``; the arguments are those of :class:`MultiCropMethod`."""

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse what isn't two views.

        Raises:
            ConfigError: If so.
        """
        count = 1 if isinstance(inputs, Tensor) else len(inputs)
        if count != NUM_GLOBALS:
            raise ConfigError(
                f'{type(self).__name__} compares {NUM_GLOBALS} views of an image, the data gives {count}: use a '
                'MultiCrop with num_locals=0.'
            )

    def features_apart(self, views: Sequence[Tensor]) -> list[Tensor]:
        """Pooled features ``(B, C)`` of each view, each of which batch norms see as a batch of its own."""
        return [pooled_output(self.backbone, view) for view in views]
