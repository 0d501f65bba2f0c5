"""Attention maps of a ViT, recomputed from what its fused attention read.

Fused attention never forms the maps ``softmax(q k^T)``, and here it stays fused: hooks keep the input of each block's
attention, from which maps are computed afterwards, one head of one block at a time. Gradients with respect to maps need
no unfused pass either: with the heads' outputs ``O = A V`` it is ``dA = dO V^T``.

Memory besides the forward pass: ``L * B * N * C`` values for L blocks (twice that with gradients), and a few maps of
``B * N * N`` instead of all ``L * B * heads * N * N``. Measured with a ViT-S/16 on one image of 512 px (N = 1025; peak
of the process, CPU, one thread): 35 MiB for the forward pass alone and 128 MiB with rollout; 342 MiB for forward and
backward pass alone and 343 MiB with gradient rollout. All 72 maps would be 288 MiB.

Shapes: B images, N tokens, C channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from mmpretrain.models import ImageClassifier, VisionTransformer
from mmpretrain.models.utils import MultiheadAttention
from torch import Tensor, nn

from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.features import evaluating
from sslrecipes.models.layers.qv_bias import QVBiasAttention
from sslrecipes.models.methods.feature_model import FeatureModel, as_feature_model
from sslrecipes.models.methods.linear_probe import LinearProbe
from sslrecipes.models.utils.image_check import check_images

_PLAIN = (MultiheadAttention, QVBiasAttention)


@dataclass(frozen=True)
class BlockAttention:
    """What the attention of one block read in a forward pass, and a score's gradient behind it.

    Attributes:
        attn: The module.
        tokens: Its input ``(B, N, C)``.
        gradient: Gradient of a score with respect to the outputs of the heads, side by side, before the output
            projection: ``(B, N, C)``.
    """

    attn: MultiheadAttention
    tokens: Tensor
    gradient: Tensor | None = None

    @torch.no_grad()
    def maps(self) -> Iterator[Tensor]:
        """Maps after the softmax, ``(B, N, N)`` for each head; a row for each query, which sums to 1."""
        queries, keys, _ = self._qkv()
        for query, key in zip(queries * self._scale, keys, strict=True):
            yield (query @ key.transpose(-2, -1)).softmax(dim=-1)

    @torch.no_grad()
    def map_gradients(self) -> Iterator[Tensor]:
        """Gradients of the score with respect to :meth:`maps`."""
        assert self.gradient is not None, 'recorded without a score'
        for gradient, value in zip(self._by_head(self.gradient[:, :, None])[0], self._qkv()[2], strict=True):
            yield gradient @ value.transpose(-2, -1)

    @torch.no_grad()
    def logit_gradients(self) -> Iterator[Tensor]:
        """Gradients of the score with respect to what the softmax of :meth:`maps` is taken of."""
        for attention, gradient in zip(self.maps(), self.map_gradients(), strict=True):
            yield attention * (gradient - (gradient * attention).sum(dim=-1, keepdim=True))

    @property
    def _scale(self) -> float:
        """Factor of the queries; a ``qk_scale`` makes mmpretrain's module divide by the one that it keeps."""
        kept = getattr(self.attn.scaled_dot_product_attention, 'keywords', {})
        return float(1 / kept['scale'] if kept else self.attn.head_dims**-0.5)

    def _qkv(self) -> Tensor:
        """Queries, keys and values ``(3, heads, B, N, C / heads)``."""
        return self._by_head(self.attn.qkv(self.tokens).unflatten(2, (3, -1)))

    def _by_head(self, parts: Tensor) -> Tensor:
        """Split ``(B, N, P, C)`` into ``(P, heads, B, N, C / heads)``, in float32 at least."""
        precise = parts.to(torch.promote_types(parts.dtype, torch.float32))  # else many entries tie
        return precise.unflatten(3, (self.attn.num_heads, -1)).permute(2, 3, 0, 1, 4)


def vit_features(model: nn.Module) -> FeatureModel:
    """View a ViT, or a model with one as its backbone, as a feature extractor.

    Raises:
        ConfigError: If the model has no backbone, or one without maps of attention between all tokens.
    """
    features = FeatureModel(model) if isinstance(model, VisionTransformer) else as_feature_model(model)
    vit = features.backbone
    if not isinstance(vit, VisionTransformer) or any(type(attn) not in _PLAIN for attn in _attentions(vit)):
        raise ConfigError(
            f'{type(vit).__name__} has no maps of attention between all patches to explain: give a model whose '
            'backbone is a plain ViT.'
        )
    return features


def record_attention(model: nn.Module, images: Tensor) -> list[BlockAttention]:
    """Let a ViT see whole images, and keep what each block's attention read.

    Args:
        model: See :func:`vit_features`; in eval mode meanwhile.
        images: Normalised images ``(B, 3, H, W)``.

    Returns:
        One for each block up to the last one that is read, first block first.

    Raises:
        ConfigError: See :func:`vit_features`.
        DataError: If the images aren't RGB or don't consist of whole patches.
    """
    features = vit_features(model)
    _check_images(features, images)
    attentions = _attentions(features.backbone)
    with torch.no_grad(), evaluating(features), _inputs_of(attentions) as tokens:
        features.extract_feat(images)
    return [BlockAttention(attn, kept) for attn, kept in zip(attentions, tokens, strict=True)]


def record_gradients(model: nn.Module, images: Tensor, category: int) -> list[BlockAttention]:
    """Do the same with a classifier, and keep the gradient of the score of a class too.

    Parameters get no gradient, and needn't be trainable.

    Args:
        model: See :func:`require_classifier`; in eval mode meanwhile.
        images: Normalised images ``(B, 3, H, W)``.
        category: Index of the class.

    Raises:
        ConfigError: If the model is no classifier on a plain ViT, or has no such class.
        DataError: If the images aren't RGB or don't consist of whole patches.
    """
    features = vit_features(model)
    _check_images(features, images)
    attentions = _attentions(features.backbone)
    heads_joined = _inputs_of(attn.proj for attn in attentions)
    with torch.enable_grad(), evaluating(model), _inputs_of(attentions) as tokens, heads_joined as outputs:
        scores = class_scores(model, images.detach().requires_grad_())
        if not 0 <= category < scores.shape[1]:
            raise ConfigError(f'There is no category {category}: the classes are 0 to {scores.shape[1] - 1}.')
        gradients = torch.autograd.grad(scores[:, category].sum(), outputs)
    return [
        BlockAttention(attn, kept.detach(), gradient)
        for attn, kept, gradient in zip(attentions, tokens, gradients, strict=True)
    ]


def require_classifier(model: nn.Module) -> None:
    """Raise :class:`ConfigError` unless ``model`` is an ``ImageClassifier`` with a head, or a :class:`LinearProbe`."""
    if not isinstance(model, LinearProbe) and not (isinstance(model, ImageClassifier) and model.with_head):
        raise ConfigError(
            f'{type(model).__name__} has no classifier, whose score gradient rollout needs: give a fine-tuned model or '
            'a linear probe, or ask for no category.'
        )


def class_scores(model: nn.Module, images: Tensor) -> Tensor:
    """Logits ``(B, K)`` of a classifier, differentiable; those of a probe with several classifiers are averaged.

    Raises:
        ConfigError: See :func:`require_classifier`.
    """
    require_classifier(model)
    if not isinstance(model, LinearProbe):
        scores: Tensor = model(images, mode='tensor')
        return scores
    pooled = model.neck(model.extract_feat(images))
    return torch.stack([head(pooled) for head in model.heads]).mean(dim=0)


def _attentions(vit: Any) -> list[MultiheadAttention]:
    """Those of the blocks up to the last one that is read."""
    return [layer.attn for layer in vit.layers[: max(vit.out_indices) + 1]]


def _check_images(features: FeatureModel, images: Tensor) -> None:
    projection: Any = features.backbone.patch_embed.projection  # type: ignore[union-attr]
    check_images(images, projection.kernel_size, projection.in_channels)


@contextmanager
def _inputs_of(modules: Iterable[nn.Module]) -> Iterator[list[Tensor]]:
    """Collect the inputs of modules while the block runs, in the order in which they are called."""
    kept: list[Tensor] = []
    handles = [module.register_forward_pre_hook(lambda _, args: kept.append(args[0])) for module in modules]
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()
