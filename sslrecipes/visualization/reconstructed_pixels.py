"""From patches as a masked autoencoder predicts them to pixels, and how far these are off.

Shapes: B images, L patches, p pixels per patch side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sslrecipes.visualization.patch_colours import PatchColours, PatchHead, shown_statistics

GREY = 128


@dataclass(frozen=True)
class Reconstruction:
    """Images and what a model makes of them, in RGB from 0 to 255, as floats that are neither clipped nor rounded.

    Attributes:
        original: ``(B, 3, H, W)``.
        predicted: The prediction everywhere, ``(B, 3, H, W)``.
        removed: Where patches were removed, bool ``(B, 3, H, W)``.
        flat: What ``predicted`` would be if the network predicted zeros, the mean of a target with ``norm_pix``: the
            colours that a picture has without the network. None if the network predicts the colours itself.
    """

    original: Tensor
    predicted: Tensor
    removed: Tensor
    flat: Tensor | None = None

    def masked(self, fill: float) -> Tensor:
        """Return the original with ``fill`` where patches were removed."""
        return torch.where(self.removed, fill, self.original)

    def pasted(self) -> Tensor:
        """Return the original with the prediction where patches were removed."""
        return torch.where(self.removed, self.predicted, self.original)

    def panels(self) -> dict[str, Tensor]:
        """Return the pictures by name, uint8 RGB ``(B, 3, H, W)``; removed patches are grey in the masked one."""
        return {
            'original': to_uint8(self.original),
            'masked': to_uint8(self.masked(GREY)),
            'reconstruction': to_uint8(self.predicted),
            'reconstruction + visible': to_uint8(self.pasted()),
        }

    def errors(self) -> list[str]:
        """Return, in words, how far the removed patches of each image are off in the pictures of them."""
        if not self.removed.any():
            return ['nothing removed'] * len(self.original)
        words = [f'MSE {error:.0f}, PSNR {psnr(error):.1f} dB' for error in self._squared_errors(self.predicted)]
        if self.flat is None:
            return words
        flat = self._squared_errors(self.flat)
        return [f'{word} (flat patches: {psnr(error):.1f} dB)' for word, error in zip(words, flat, strict=True)]

    def _squared_errors(self, pixels: Tensor) -> list[float]:
        """Mean squared error over the removed values of each image, clipped and rounded as in the pictures."""
        squares = (to_uint8(pixels).float() - to_uint8(self.original).float()).square()
        errors: list[float] = ((squares * self.removed).sum((1, 2, 3)) / self.removed.sum((1, 2, 3))).tolist()
        return errors


def psnr(squared_error: float) -> float:
    """Return the peak signal-to-noise ratio in dB for a mean squared error of values from 0 to 255."""
    return 10 * float(np.log10(255**2 / squared_error)) if squared_error else float('inf')


def to_pixels(images: Tensor, preprocessor: nn.Module) -> Tensor:
    """Undo the data preprocessor: normalised images ``(B, 3, H, W)`` to RGB from 0 to 255, not clipped."""
    if preprocessor._enable_normalize:
        images = images * preprocessor.std + preprocessor.mean  # type: ignore[operator]  # buffers
    return images if preprocessor._channel_conversion else images.flip(1)  # else still in the loader's BGR order


def to_uint8(pixels: Tensor) -> Tensor:
    """Clip and round pixels to what a picture can show."""
    return pixels.clamp(0, 255).round().to(torch.uint8)


def as_pixels(
    inputs: Tensor,
    pred: Tensor,
    mask: Tensor,
    head: PatchHead,
    preprocessor: nn.Module,
    patch_colours: PatchColours = 'original',
) -> Reconstruction:
    """Undo what a model's target and its data preprocessor do to pixels.

    Args:
        inputs: Normalised images ``(B, 3, H, W)``.
        pred: The model's output ``(B, L, p*p*3)``.
        mask: ``(B, L)``, 1 = removed.
        head: Knows the patch layout, and whether and how targets are normalised per patch (``norm_pix``).
        preprocessor: The model's data preprocessor.
        patch_colours: See :func:`~sslrecipes.visualization.patch_colours.shown_statistics`.
    """
    flat = None
    if head.norm_pix:
        mean, std = shown_statistics(inputs, mask, head, patch_colours)
        flat, pred = mean.expand_as(pred), pred * std + mean

    def pixels(patches: Tensor) -> Tensor:
        return to_pixels(head.unpatchify(patches), preprocessor)

    return Reconstruction(
        original=to_pixels(inputs, preprocessor),
        predicted=pixels(pred),
        removed=head.unpatchify(mask.unsqueeze(-1).expand_as(pred)).bool(),
        flat=None if flat is None else pixels(flat),
    )
