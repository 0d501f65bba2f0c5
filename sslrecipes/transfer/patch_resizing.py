"""A ViT whose patches are of another size than in pre-training: ViT-H/14 as the backbone of a detector with /16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmpretrain.models import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import not_whole
from sslrecipes.errors import CoverageError
from sslrecipes.registry import MODELS

_KERNEL = 'patch_embed.projection.weight'


@MODELS.register_module()
class PatchResizingViT(VisionTransformer):
    """mmpretrain's ``VisionTransformer``, with patches of another size than in pre-training if asked for.

    Args:
        arch: As in ``VisionTransformer``.
        img_size: Pixels per side in pre-training, which the position table is for.
        patch_size: Pixels per side of a patch, the stride of the feature map.
        pretrained_patch_size: Pixels per side of a patch in pre-training, if that is another: weights then have to
            have kernels of this size, which loading resizes (see :func:`resize_kernels`), and the position table keeps
            its ``img_size / pretrained_patch_size`` places per side.
        **kwargs: Arguments of ``VisionTransformer`` (``out_type``, ``drop_path_rate`` ...).

    Raises:
        ConfigError: If ``img_size`` is no multiple of ``pretrained_patch_size``.

    Source: `Exploring Plain Vision Transformer Backbones for Object Detection <https://arxiv.org/abs/2203.16527>`_,
    whose ViT-H has patches of 16 px, pre-trained with 14.
    """

    def __init__(
        self,
        arch: str | dict[str, int] = 'base',
        img_size: int = 224,
        patch_size: int = 16,
        pretrained_patch_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        if pretrained_patch_size is not None:
            refuse(not_whole('img_size', img_size, 'pretrained_patch_size', pretrained_patch_size))
            img_size = img_size // pretrained_patch_size * patch_size
        super().__init__(arch, img_size, patch_size, **kwargs)
        self.pretrained_patch_size = pretrained_patch_size


def resize_kernels(target: nn.Module, weights: Mapping[str, Tensor], source: str) -> Mapping[str, Tensor]:
    """Resize the kernels of the patch projection bicubically, for a network that asks for it.

    Nothing else changes, neither the bias nor the scale: the answer to a flat patch grows with the number of pixels.

    Args:
        target: The network to fill; one without ``pretrained_patch_size`` takes weights as they are.
        weights: Under our names, without prefix.
        source: What the file is called in errors.

    Returns:
        The weights, kernels ``(C, 3, p, p)`` of the network's patch size among them.

    Raises:
        CoverageError: The file's kernels aren't of the stated size.
    """
    stated, held = getattr(target, 'pretrained_patch_size', None), weights.get(_KERNEL)
    if stated is None or held is None:
        return weights
    if held.shape[2:] != (stated, stated):
        raise CoverageError(
            f'"{source}" has patches of {held.shape[-1]} px, but model.backbone.pretrained_patch_size says {stated}.'
        )
    size = target.get_parameter(_KERNEL).shape[2:]
    resized = F.interpolate(held.double(), size=tuple(size), mode='bicubic').to(held.dtype)
    return {**weights, _KERNEL: resized}
