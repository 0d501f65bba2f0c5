"""Reconstruction pictures of masked autoencoders, honest about where their colours come from.

With ``norm_pix`` a MAE predicts each patch normalised by its own mean and variance, so its output holds no absolute
colour. Pictures put the colours back from the *original* patch, which the model never saw; the caption says so, and
``patch_colours='visible'`` offers the picture without that knowledge.

Shapes: B images, L patches, p pixels per patch side; patch vectors have the layout of the head's ``patchify``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Protocol, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.visualization.grid import picture_grid

PatchColours = Literal['original', 'visible']

_GREY = 128
_CAPTIONS = {
    'predicted': 'Colours as predicted by the model.',
    'original': "Colours of each patch restored from the original's mean and variance (norm_pix): "
    'the model predicts structure within a patch, not its brightness or contrast.',
    'visible': 'Normalised prediction (norm_pix) shown around the mean and contrast of the visible patches: '
    'nothing is taken from the removed ones, so brightness differences between patches are absent.',
}
_UNTRAINED = 'The loss counts removed patches only: "reconstruction" is untrained where patches are visible.'


class PatchHead(Protocol):
    """What is needed of a head: mmpretrain's ``MAEPretrainHead`` has it."""

    norm_pix: bool
    patch_size: int

    def patchify(self, imgs: Tensor) -> Tensor:
        """Cut images ``(B, 3, H, W)`` into patch vectors ``(B, L, p*p*3)``."""

    def unpatchify(self, x: Tensor) -> Tensor:
        """Join patch vectors ``(B, L, p*p*3)`` to images ``(B, 3, H, W)``."""


def patch_statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation ``(B, L, 1)`` by which ``norm_pix`` normalises ``patches (B, L, p*p*3)``.

    As in the official ``models_mae.py``: joint over pixels and channels, unbiased variance, 1e-6 inside the root.
    """
    return patches.mean(-1, keepdim=True), (patches.var(-1, keepdim=True) + 1e-6).sqrt()


def restore_patches(pred: Tensor, patches: Tensor, mask: Tensor, patch_colours: PatchColours) -> Tensor:
    """Map a ``norm_pix`` prediction back to the range of normalised images.

    Args:
        pred: Predicted patches, each normalised by its own statistics, ``(B, L, p*p*3)``.
        patches: The original patches in the same layout.
        mask: ``(B, L)``, 1 = removed from the encoder's input.
        patch_colours: ``'original'`` inverts the normalisation exactly with the original patch's statistics;
            ``'visible'`` uses the image's mean over its visible patches for every patch.

    Returns:
        ``(B, L, p*p*3)``.
    """
    mean, std = patch_statistics(patches)
    if patch_colours == 'visible':
        visible = 1 - mask.unsqueeze(-1)
        mean, std = ((value * visible).sum(1, keepdim=True) / visible.sum(1, keepdim=True) for value in (mean, std))
    return pred * std + mean


def to_rgb_uint8(images: Tensor, preprocessor: nn.Module) -> Tensor:
    """Undo the data preprocessor: normalised images ``(B, 3, H, W)`` to uint8 RGB, clipped and rounded."""
    if preprocessor._enable_normalize:
        images = images * preprocessor.std + preprocessor.mean  # type: ignore[operator]  # buffers
    if not preprocessor._channel_conversion:  # the images are still in the loader's BGR order
        images = images.flip(1)
    return images.clamp(0, 255).round().to(torch.uint8)


def reconstruction_panels(
    images: Tensor,
    pred: Tensor,
    mask: Tensor,
    head: PatchHead,
    preprocessor: nn.Module,
    patch_colours: PatchColours = 'original',
) -> dict[str, Tensor]:
    """Build the four pictures of each image.

    Args:
        images: Normalised images ``(B, 3, H, W)``.
        pred: The model's output ``(B, L, p*p*3)``.
        mask: ``(B, L)``, 1 = removed.
        head: Knows the patch layout and whether ``pred`` is normalised per patch (``norm_pix``).
        preprocessor: The model's data preprocessor, whose normalisation is undone.
        patch_colours: See :func:`restore_patches`; without ``norm_pix`` it has no effect.

    Returns:
        uint8 RGB ``(B, 3, H, W)`` by name: original, masked (removed patches grey), reconstruction (prediction
        everywhere), reconstruction + visible (prediction on the removed patches only).
    """
    if head.norm_pix:
        pred = restore_patches(pred, head.patchify(images), mask, patch_colours)
    removed = head.unpatchify(mask.unsqueeze(-1).expand_as(pred)).bool()
    original = to_rgb_uint8(images, preprocessor)
    predicted = to_rgb_uint8(head.unpatchify(pred), preprocessor)
    return {
        'original': original,
        'masked': torch.where(removed, _GREY, original),
        'reconstruction': predicted,
        'reconstruction + visible': torch.where(removed, predicted, original),
    }


def reconstruction_caption(norm_pix: bool, patch_colours: PatchColours) -> str:
    """Say where the colours come from and which part of the prediction was never trained."""
    return f'{_CAPTIONS[patch_colours if norm_pix else "predicted"]} {_UNTRAINED}'


def reconstruction_grid(
    panels: dict[str, Tensor], norm_pix: bool, patch_colours: PatchColours, title: str
) -> NDArray[np.uint8]:
    """Draw the panels of :func:`reconstruction_panels` with the honest caption: uint8 RGB ``(height, width, 3)``."""
    return picture_grid(panels, title, reconstruction_caption(norm_pix, patch_colours))


def require_pixels(model: nn.Module) -> None:
    """Raise :class:`ConfigError` unless ``model`` predicts pixels."""
    if not hasattr(model, 'reconstruct'):
        raise ConfigError(
            f'{type(model).__name__} predicts no pixels, so it has no reconstruction to show: '
            'use a MAE config, or remove ReconstructionHook from custom_hooks.'
        )


def check_patch_colours(patch_colours: str) -> None:
    """Raise :class:`ConfigError` for an unknown ``patch_colours``."""
    choices = list(get_args(PatchColours))
    if patch_colours not in choices:
        raise ConfigError(
            f'patch_colours is "{patch_colours}" but must be one of {choices}.{did_you_mean(patch_colours, choices)}'
        )


@contextmanager
def _eval_mode(model: nn.Module) -> Iterator[None]:
    """Switch to eval mode, then give every module back the mode it had."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@torch.no_grad()
def draw_reconstruction(
    model: Any, images: Tensor, seed: int = 0, patch_colours: PatchColours = 'original', title: str = ''
) -> NDArray[np.uint8]:
    """Run a MAE in eval mode on fixed masks and draw the result; modes and global random state stay as they were.

    Args:
        model: A method with ``reconstruct(inputs, noise) -> (pred, mask)``, such as our ``MAE``.
        images: As they leave the data loader: uint8 ``(B, 3, H, W)``.
        seed: Seed of the mask noise; equal seeds give equal masks.
        patch_colours: See :func:`restore_patches`.
        title: First line of the picture.

    Returns:
        uint8 RGB ``(height, width, 3)``.

    Raises:
        ConfigError: If the model predicts no pixels or ``patch_colours`` is unknown.
    """
    require_pixels(model)
    check_patch_colours(patch_colours)
    inputs = model.data_preprocessor({'inputs': images, 'data_samples': None})['inputs']
    patches = inputs.shape[-2] * inputs.shape[-1] // model.head.patch_size**2
    noise = torch.rand(len(inputs), patches, generator=torch.Generator().manual_seed(seed)).to(inputs.device)

    with _eval_mode(model):
        pred, mask = model.reconstruct(inputs, noise)
    panels = reconstruction_panels(inputs, pred.float(), mask, model.head, model.data_preprocessor, patch_colours)
    title = f'{title}, mask ratio {mask.float().mean():.0%}'.lstrip(', ')
    return reconstruction_grid(panels, model.head.norm_pix, patch_colours, title)
