"""Where a ``norm_pix`` reconstruction gets brightness and contrast from, and words that say so.

A model with ``norm_pix`` predicts each patch normalised by the patch's own mean and standard deviation, so its output
holds no absolute brightness. Three sources can stand in; only one of them looks at the removed pixels.

Shapes: B images, L patches, p pixels per patch side, in the layout of the head's ``patchify``.
"""

from __future__ import annotations

from typing import Literal, Protocol, get_args

import torch
from torch import Tensor

from sslrecipes.errors import ConfigError, did_you_mean

PatchColours = Literal['original', 'predicted', 'visible']

#: Distances to this power weigh visible patches: of the whole powers that with the least error in 224 px photographs.
_DISTANCE_POWER = 3
_RAW = 'Colours as predicted by the network.'
_CAPTIONS: dict[PatchColours, str] = {
    'original': 'Brightness and contrast of every removed patch are taken from the original, which leaks the input: '
    'the network predicts only the structure within a patch (norm_pix).',
    'predicted': 'Brightness and contrast of every removed patch are interpolated from the visible patches, the nearer '
    'the more; nothing is taken from the removed ones. The network predicts the structure within a patch (norm_pix).',
    'visible': 'Brightness and contrast of every patch are the mean ones of the visible patches; nothing is taken from '
    'the removed ones. The network predicts the structure within a patch (norm_pix).',
}
_SHORT: dict[PatchColours, str] = {
    'original': "brightness and contrast from the original's patches (leaks the input)",
    'predicted': 'brightness and contrast interpolated from visible patches (nothing leaks)',
    'visible': 'mean brightness and contrast of the visible patches (nothing leaks)',
}


class PatchHead(Protocol):
    """What is needed of a head: mmpretrain's ``MAEPretrainHead`` has it, and ours that derive from it.

    A head whose targets are normalised otherwise than the official MAE's has ``patch_statistics`` too, as
    :func:`patch_statistics` of this module.
    """

    norm_pix: bool
    patch_size: int

    def patchify(self, imgs: Tensor) -> Tensor:
        """Cut images ``(B, 3, H, W)`` into patch vectors ``(B, L, p*p*3)``."""

    def unpatchify(self, x: Tensor) -> Tensor:
        """Join patch vectors ``(B, L, p*p*3)`` to images ``(B, 3, H, W)``."""


def patch_statistics(head: PatchHead, patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation ``(B, L, 1)`` by which a head normalises ``patches (B, L, p*p*3)``.

    Those of the head's own ``patch_statistics``; without it those of the official ``models_mae.py``: joint over pixels
    and channels, unbiased variance, 1e-6 inside the root.
    """
    if hasattr(head, 'patch_statistics'):
        return head.patch_statistics(patches)
    return patches.mean(-1, keepdim=True), (patches.var(-1, keepdim=True) + 1e-6).sqrt()


def shown_statistics(
    images: Tensor, mask: Tensor, head: PatchHead, patch_colours: PatchColours
) -> tuple[Tensor, Tensor]:
    """Choose the mean and the standard deviation that patches predicted by a head with ``norm_pix`` are shown with.

    Args:
        images: Normalised images ``(B, 3, H, W)``.
        mask: ``(B, L)``, 1 = removed from the encoder's input.
        head: Knows how its targets are cut out and normalised.
        patch_colours: ``'original'`` inverts the target's normalisation exactly, by the original patch's statistics;
            ``'predicted'`` interpolates a removed patch's between the visible ones, weighted by the inverse cube of
            the distance; ``'visible'`` has the mean over the visible ones for every patch.

    Returns:
        ``(B, L, 1)`` each, or ``(B, 1, 1)`` with ``'visible'``.
    """
    mean, std = patch_statistics(head, head.patchify(images))
    if patch_colours == 'original':
        return mean, std
    weights = _uniform(mask) if patch_colours == 'visible' else _near(mask)
    return weights @ mean, weights @ std


def _uniform(mask: Tensor) -> Tensor:
    """Equal weights ``(B, 1, L)`` of the visible patches."""
    visible = 1 - mask.float()
    return (visible / visible.sum(1, keepdim=True)).unsqueeze(1)


def _near(mask: Tensor) -> Tensor:
    """Weights ``(B, L, L)`` of the visible patches (columns) for each patch (row); a visible one has itself."""
    side = round(mask.shape[1] ** 0.5)
    rows_columns = torch.cartesian_prod(*[torch.arange(side, device=mask.device, dtype=torch.float)] * 2)
    distances = torch.cdist(rows_columns, rows_columns).fill_diagonal_(1)
    visible = (1 - mask.float()).unsqueeze(1)
    weights = visible / distances**_DISTANCE_POWER
    return torch.where(
        visible.mT.bool(), torch.eye(len(distances), device=mask.device), weights / weights.sum(-1, True)
    )


def colour_caption(norm_pix: bool, patch_colours: PatchColours) -> str:
    """Return sentences that say where the colours of a reconstruction come from."""
    return _CAPTIONS[patch_colours] if norm_pix else _RAW


def short_colour_caption(norm_pix: bool, patch_colours: PatchColours) -> str:
    """Return the same in a few words."""
    return _SHORT[patch_colours] if norm_pix else 'colours as predicted by the network'


def check_patch_colours(patch_colours: str) -> None:
    """Raise :class:`ConfigError` for an unknown ``patch_colours``."""
    choices = list(get_args(PatchColours))
    if patch_colours not in choices:
        raise ConfigError(
            f'patch_colours is "{patch_colours}" but must be one of {choices}.{did_you_mean(patch_colours, choices)}'
        )
