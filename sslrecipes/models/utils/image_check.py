"""What a ViT asks of images and of its own sizes."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import not_whole
from sslrecipes.errors import DataError


def check_images(
    images: Tensor, patch_size: int | tuple[int, int], channels: int = 3, size: tuple[int, int] | None = None
) -> None:
    """Check that images consist of whole patches and have the right channels.

    Args:
        images: ``(B, C, H, W)``.
        patch_size: Side of a patch, or height and width, in pixels.
        channels: C wanted.
        size: Height and width wanted; any if not given.

    Raises:
        DataError: If they don't.
    """
    height, width = (patch_size, patch_size) if isinstance(patch_size, int) else patch_size
    if images.dim() != 4 or images.shape[1] != channels:
        raise DataError(f'The network takes images (B, {channels}, H, W), not {tuple(images.shape)}: convert to RGB.')
    if images.shape[2] % height or images.shape[3] % width:
        raise DataError(
            f'Images of {images.shape[2]}x{images.shape[3]} pixels do not consist of whole {height}x{width} patches: '
            'resize or crop them to a multiple.'
        )
    if size and tuple(images.shape[2:]) != tuple(size):
        raise DataError(
            f'Images of {images.shape[2]}x{images.shape[3]} pixels can not be masked by a network for '
            f'{size[0]}x{size[1]}: resize or crop them to that, or set img_size.'
        )


def check_patch_size(img_size: Any, patch_size: Any) -> None:
    """Check that an image of ``img_size`` consists of whole patches of ``patch_size`` pixels.

    Raises:
        ConfigError: If it doesn't.
    """
    refuse(not_whole('img_size', img_size, 'patch_size', patch_size))
