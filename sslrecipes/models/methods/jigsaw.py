"""Jigsaw: telling how the pieces of an image were shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import whole
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, pooled_output
from sslrecipes.models.utils.puzzles import MAX_PUZZLES, NUM_PIECES, puzzles
from sslrecipes.registry import MODELS


@MODELS.register_module()
class Jigsaw(MultiCropMethod):
    """Shuffle the nine tiles of each image by one of ``head.num_pretext_classes`` permutations, and tell by which.

    Each tile is brought to mean 0 and standard deviation 1 in each channel, so that colour and light don't tell which
    tiles are neighbours. The permutations, :func:`sslrecipes.models.utils.puzzles.puzzles`, differ from one another
    in six or more places, or seven if there are no more than 504.

    Args:
        backbone: Config of the backbone, through which the tiles go one by one.
        neck: Config of a :class:`sslrecipes.models.necks.jigsaw_neck.JigsawNeck`.
        head: Config of a :class:`sslrecipes.models.heads.pretext_cls_head.PretextClsHead`.
        **kwargs: Further arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`.

    Raises:
        ConfigError: For more permutations than there are.

    Source: `Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles
    <https://arxiv.org/abs/1603.09246>`_; the permutations are ours.
    """

    permutations: Tensor

    def __init__(self, backbone: dict[str, Any], neck: dict[str, Any], head: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(backbone, neck, head, **kwargs)
        place, classes = 'model.head.num_pretext_classes', self.head.num_pretext_classes
        refuse(bad_value(place, classes, whole(2, MAX_PUZZLES + 1)), place)
        self.register_buffer('permutations', torch.tensor(puzzles(classes)), persistent=False)

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse what isn't nine tiles.

        Raises:
            ConfigError: If so.
        """
        count = 1 if isinstance(inputs, Tensor) else len(inputs)
        if count != NUM_PIECES:
            raise ConfigError(
                f'Jigsaw shuffles {NUM_PIECES} tiles of an image, the data gives {count}: let PuzzleTiles be the last '
                'transform before PackInputs.'
            )

    def draw(self, batch: int) -> Tensor:
        """Draw which permutation each of ``batch`` images gets: int64 ``(B,)``."""
        return torch.randint(len(self.permutations), (batch,), device=self.permutations.device)

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Loss of nine normalised tiles ``(B, 3, S, S)``, row by row; the joint probe sees their mean features."""
        tiles = torch.stack([standardized(tile) for tile in inputs], dim=1)
        batch = len(tiles)
        labels = self.draw(batch)
        shuffled = tiles[torch.arange(batch, device=tiles.device)[:, None], self.permutations[labels]]
        features = pooled_output(self.backbone, shuffled.flatten(0, 1))
        loss, accuracy = self.head.loss(self.neck(features), labels)
        of_images = features.unflatten(0, (batch, NUM_PIECES)).mean(dim=1)
        return {'loss_jigsaw': loss, 'jigsaw_top1': accuracy, **self.probe_loss(of_images, data_samples)}


def standardized(tile: Tensor, eps: float = 1e-5) -> Tensor:
    """Bring each channel of each of ``(B, 3, S, S)`` tiles to mean 0 and standard deviation 1; an even one to 0."""
    variance, mean = torch.var_mean(tile, dim=(2, 3), correction=0, keepdim=True)
    return (tile - mean) * (variance + eps).rsqrt()
