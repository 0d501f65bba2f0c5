"""From a batch of the loader to what a model takes: mmpretrain's, without copies that nobody waits for or reads."""

from __future__ import annotations

from typing import Any

import mmpretrain.models
from mmengine.structures import BaseDataElement

from sslrecipes.registry import MODELS


@MODELS.register_module()
class SelfSupDataPreprocessor(mmpretrain.models.SelfSupDataPreprocessor):
    """mmpretrain's, which leaves data samples where they are.

    Upstream copies the label of each image to the device, one after the other (17 ms for 512). Methods that use labels
    put them together first, others don't read them. Pinned images are copied while the device computes.

    Args are those of ``mmpretrain.models.SelfSupDataPreprocessor``.
    """

    def __init__(self, *args: Any, non_blocking: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, non_blocking=non_blocking, **kwargs)

    def cast_data(self, data: Any) -> Any:
        """Copy tensors to the device."""
        return data if isinstance(data, BaseDataElement) else super().cast_data(data)


@MODELS.register_module()
class ClsDataPreprocessor(mmpretrain.models.ClsDataPreprocessor):
    """mmpretrain's, which copies pinned images while the device computes.

    Args are those of ``mmpretrain.models.ClsDataPreprocessor``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._non_blocking = True
