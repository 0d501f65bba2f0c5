"""Reconstruction pictures of masked autoencoders, honest about where their colours come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.features import evaluating
from sslrecipes.models.utils.image_check import check_images
from sslrecipes.visualization.grid import picture_grid
from sslrecipes.visualization.patch_colours import PatchColours, check_patch_colours, colour_caption
from sslrecipes.visualization.reconstructed_pixels import Reconstruction, as_pixels

_UNTRAINED = 'The loss counts removed patches only: "reconstruction" is untrained where patches are visible.'
_MEASURED = 'MSE and PSNR are those of the removed patches of the pictures, RGB from 0 to 255'
_FLAT = '; "flat patches" are those of a network that predicts nothing within a patch.'


@torch.no_grad()
def reconstruct(
    model: Any, images: Tensor, seed: int = 0, patch_colours: PatchColours = 'original'
) -> tuple[Reconstruction, float]:
    """Run a masked autoencoder in eval mode on fixed masks; modes and global random state stay as they were.

    Args:
        model: A method with ``reconstruct(inputs, noise) -> (pred, mask)``, such as our ``MAE`` and ``MAEPriv``.
        images: As they leave the data loader: uint8 ``(B, 3, H, W)``.
        seed: Seed of the mask noise; equal seeds give equal masks.
        patch_colours: See :func:`~sslrecipes.visualization.patch_colours.shown_statistics`.

    Returns:
        The reconstruction, and the share of patches that was removed.

    Raises:
        ConfigError: If the model predicts no pixels or ``patch_colours`` is unknown.
        DataError: If the images don't consist of whole patches, or aren't of the model's size.
    """
    require_pixels(model)
    check_patch_colours(patch_colours)
    side = model.head.patch_size
    check_images(images, side)
    if images.shape[2:] != tuple(model.backbone.img_size):
        given, wanted = ('x'.join(map(str, sides)) for sides in (images.shape[2:], model.backbone.img_size))
        raise DataError(f'The network reconstructs images of {wanted} pixels, not {given}: resize or crop them.')
    inputs = model.data_preprocessor({'inputs': images, 'data_samples': None})['inputs']
    patches = inputs.shape[-2] * inputs.shape[-1] // side**2
    noise = torch.rand(len(inputs), patches, generator=torch.Generator().manual_seed(seed)).to(inputs.device)

    with evaluating(model):
        pred, mask = model.reconstruct(inputs, noise)
    pixels = as_pixels(inputs, pred.float(), mask, model.head, model.data_preprocessor, patch_colours)
    return pixels, mask.float().mean().item()


def draw_reconstruction(
    model: Any, images: Tensor, seed: int = 0, patch_colours: PatchColours = 'original', title: str = ''
) -> NDArray[np.uint8]:
    """Run :func:`reconstruct` and draw the result by :func:`reconstruction_grid`."""
    reconstruction, removed = reconstruct(model, images, seed, patch_colours)
    title = f'{title}, mask ratio {removed:.0%}'.lstrip(', ')
    return reconstruction_grid(reconstruction, model.head.norm_pix, patch_colours, title)


def reconstruction_grid(
    reconstruction: Reconstruction,
    norm_pix: bool,
    patch_colours: PatchColours,
    title: str,
    names: Sequence[str] | None = None,
) -> NDArray[np.uint8]:
    """Draw a row of pictures for each image, its errors below, and the honest caption below all.

    Args:
        reconstruction: What to draw.
        norm_pix: Whether targets are normalised per patch.
        patch_colours: Where the colours then come from.
        title: First line of the picture.
        names: What the images are called.

    Returns:
        uint8 RGB ``(height, width, 3)``.
    """
    notes = reconstruction.errors()
    if names:
        notes = [f'{_shortened(name)}: {note}' for name, note in zip(names, notes, strict=True)]
    return picture_grid(reconstruction.panels(), title, reconstruction_caption(norm_pix, patch_colours), notes=notes)


def _shortened(name: str, length: int = 32) -> str:
    """Cut a long name, so that the errors beside it fit the narrowest grid."""
    return name if len(name) <= length else f'{name[: length - 3]}...'


def reconstruction_caption(norm_pix: bool, patch_colours: PatchColours) -> str:
    """Say where the colours come from, which part of a prediction was never trained, and what the errors are of."""
    return f'{colour_caption(norm_pix, patch_colours)} {_UNTRAINED} {_MEASURED}{_FLAT if norm_pix else "."}'


def require_pixels(model: nn.Module) -> None:
    """Raise :class:`ConfigError` unless ``model`` predicts pixels."""
    if not hasattr(model, 'reconstruct'):
        raise ConfigError(
            f'{type(model).__name__} predicts no pixels, so it has no reconstruction to show: '
            'use a config of MAE or MAE-priv, or remove ReconstructionHook from custom_hooks.'
        )
