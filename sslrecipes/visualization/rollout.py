"""Attention rollout: how much of each patch reaches what a ViT reads out, through the attention of all blocks.

With the fused attention ``A_l`` of block l, its smallest entries set to 0, and the residual path as identity, block l
passes on ``a_l = (A_l + I) / 2``, its rows divided by their sums; the rollout is ``a_L ... a_1``. Only one row of it is
wanted: that of the class token or, where the network reads the mean of its patches, the mean of their rows. So a row
goes through the blocks from the last to the first, and no two matrices are ever multiplied.

Source: `Quantifying Attention Flow in Transformers <https://arxiv.org/abs/2005.00928>`_; discarding, fusion and
gradients as in ``utils/vit_explain`` of BUPT-PRIV/MAE-priv, which differs in ways that ``official=True`` reproduces:

* column j is divided by the sum of row j, so rows don't sum to 1;
* gradients are those of the softmax's input, not of its output, and those of the first block meet the attention of the
  last, and so on;
* with gradients, the entry (0, 0) can be discarded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

import torch
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.models.methods.feature_model import FeatureModel
from sslrecipes.visualization.attention_maps import BlockAttention, record_attention, record_gradients, vit_features

T = TypeVar('T')

Fusion = Literal['max', 'mean', 'min']
_FUSIONS: dict[Fusion, Callable[[Tensor, Tensor], Tensor]] = {
    'max': torch.maximum,
    'mean': torch.add,
    'min': torch.minimum,
}


@dataclass(frozen=True)
class RolloutOptions:
    """How maps become a rollout.

    Attributes:
        fusion: How the maps of a block's heads become one. With gradients it is always their mean.
        discard_ratio: Share of the smallest entries of a fused map that are set to 0, from 0 to below 1; the class
            token's attention to itself stays.
        layer: Index of the only block to look at, from 0; all by default.
        official: Do as the official code of MAE-priv does, see above.

    Raises:
        ConfigError: For an unknown fusion or a ratio out of range.
    """

    fusion: Fusion = 'max'
    discard_ratio: float = 0.9
    layer: int | None = None
    official: bool = False

    def __post_init__(self) -> None:
        choices = list(get_args(Fusion))
        if self.fusion not in choices:
            hint = did_you_mean(self.fusion, choices)
            raise ConfigError(f'fusion must be one of {", ".join(choices)}, not "{self.fusion}".{hint}')
        if not 0 <= self.discard_ratio < 1:
            raise ConfigError(f'discard_ratio is a share from 0 to below 1, not {self.discard_ratio}.')


_DEFAULT = RolloutOptions()


def attention_rollout(model: nn.Module, images: Tensor, options: RolloutOptions = _DEFAULT) -> Tensor:
    """Show which patches a ViT attends to.

    Args:
        model: A ViT, or a model with one as its backbone; masked encoders see the whole image.
        images: Normalised images ``(B, 3, H, W)`` of any size in whole patches; each is treated on its own.
        options: See there.

    Returns:
        Masks ``(B, H / p, W / p)``, float32 at least, with maximum 1; 0 everywhere if nothing is left.

    Raises:
        ConfigError: If the backbone is no plain ViT, or there is no block ``options.layer``.
        DataError: If the images aren't RGB or don't consist of whole patches.
    """
    features = vit_features(model)
    _check_layer(features, options.layer)
    blocks = _backwards(record_attention(model, images), options.layer)
    fused = (fuse_heads(block.maps(), options.fusion) for block in blocks)
    return _masks(features, images, fused, options)


def gradient_rollout(model: nn.Module, images: Tensor, category: int, options: RolloutOptions = _DEFAULT) -> Tensor:
    """Show the patches whose attention speaks for a class: maps are weighted by the gradient of its score.

    Args:
        model: An ``ImageClassifier`` or :class:`sslrecipes.models.methods.linear_probe.LinearProbe` on a ViT.
        images: As for :func:`attention_rollout`.
        category: Index of the class.
        options: As for :func:`attention_rollout`, without ``fusion``.

    Returns:
        Masks as of :func:`attention_rollout`.

    Raises:
        ConfigError: As :func:`attention_rollout`; also if the model is no classifier, or has no such class.
        DataError: If the images aren't RGB or don't consist of whole patches.
    """
    features = vit_features(model)
    _check_layer(features, options.layer)
    blocks = record_gradients(model, images, category)
    pairs = list(zip(blocks, blocks[::-1] if options.official else blocks, strict=True))
    fused = (_weighted_by_gradient(*pair, options.official) for pair in _backwards(pairs, options.layer))
    return _masks(features, images, fused, options, keep_first=not options.official)


def fuse_heads(maps: Iterable[Tensor], fusion: Fusion) -> Tensor:
    """Fuse the maps ``(B, N, N)`` of heads, of which only one is asked for at a time."""
    heads = iter(maps)
    fused, count = next(heads), 1
    for attention in heads:
        fused = _FUSIONS[fusion](fused, attention)
        count += 1
    return fused / count if fusion == 'mean' else fused


def discard_smallest(attention: Tensor, ratio: float, keep_first: bool) -> Tensor:
    """Set the ``int(ratio * N * N)`` smallest entries of each map ``(B, N, N)`` to 0.

    Args:
        attention: The maps.
        ratio: From 0 to below 1.
        keep_first: Whether the entry (0, 0) stays although it is one of them.
    """
    flat = attention.flatten(1)
    smallest = flat.topk(int(flat.shape[1] * ratio), largest=False, sorted=False).indices
    kept = flat.scatter(1, smallest, 0.0)
    if keep_first:
        kept[:, 0] = flat[:, 0]
    return kept.view_as(attention)


def residual_step(attention: Tensor, by_column: bool = False) -> Tensor:
    """Return ``(A + I) / 2`` of maps ``(B, N, N)``, each row divided by its sum.

    Args:
        attention: The maps.
        by_column: Divide column j by the sum of row j instead, as the official code does.
    """
    step = (attention + torch.eye(attention.shape[-1]).to(attention)) / 2
    sums = step.sum(dim=-1)
    return step / (sums[:, None, :] if by_column else sums[:, :, None])


def _weighted_by_gradient(attended: BlockAttention, weighing: BlockAttention, official: bool) -> Tensor:
    """Mean over the heads of map times gradient, ``(B, N, N)``, where it is positive, else 0."""
    gradients = weighing.logit_gradients() if official else weighing.map_gradients()
    weighted = (attention * gradient for attention, gradient in zip(attended.maps(), gradients, strict=True))
    return fuse_heads(weighted, 'mean').clamp(min=0)


def _masks(
    features: FeatureModel, images: Tensor, fused: Iterable[Tensor], options: RolloutOptions, keep_first: bool = True
) -> Tensor:
    """Send the row that the network reads through the blocks, given last block first, and lay it out as an image."""
    vit: Any = features.backbone
    grid = [side // patch for side, patch in zip(images.shape[2:], vit.patch_embed.projection.kernel_size, strict=True)]
    row = _row_read(features, patches=grid[0] * grid[1]).expand(len(images), 1, -1)
    for attention in fused:
        kept = discard_smallest(attention, options.discard_ratio, keep_first and vit.cls_token is not None)
        row = row.to(kept) @ residual_step(kept, by_column=options.official)
    mask = row[:, 0, vit.num_extra_tokens :].unflatten(1, grid)
    highest = mask.amax(dim=(1, 2), keepdim=True)
    return mask / highest.where(highest > 0, 1.0)


def _row_read(features: FeatureModel, patches: int) -> Tensor:
    """Share ``(N,)`` that each token has in what the network reads: all the class token, or the patches alike."""
    extra = int(features.backbone.num_extra_tokens)  # type: ignore[arg-type]
    row = torch.zeros(extra + patches)
    if reads_class_token(features):
        row[0] = 1.0
    else:
        row[extra:] = 1.0 / patches
    return row


def reads_class_token(features: FeatureModel) -> bool:
    """Whether a ViT's class token is what its features are, and not the mean of its patches."""
    vit: Any = features.backbone
    return vit.cls_token is not None and vit.out_type in ('cls_token', 'raw') and features.pool != 'avg'


def _check_layer(features: FeatureModel, layer: int | None) -> None:
    vit: Any = features.backbone
    depth = max(vit.out_indices) + 1
    if layer is not None and not 0 <= layer < depth:
        raise ConfigError(f'There is no layer {layer}: the blocks of this ViT are 0 to {depth - 1}.')


def _backwards(blocks: Sequence[T], layer: int | None) -> Sequence[T]:
    """The blocks to look at, last one first."""
    return blocks[::-1] if layer is None else [blocks[layer]]
