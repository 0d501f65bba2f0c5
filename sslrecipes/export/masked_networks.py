"""Pre-trained MAE-priv and MAE networks, built from nothing but their weights, and what they make of photographs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmpretrain.models import MAEPretrainHead
from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import ViTArch, backbone_arch, block_count
from sslrecipes.checkpoint.conversion.pixel_order import lacks_class_row, without_class_row
from sslrecipes.checkpoint.stated import IMAGENET_MEAN, IMAGENET_STD, TrainingFacts
from sslrecipes.export.check import fill
from sslrecipes.export.probe import probe_images
from sslrecipes.export.source import usual_heads
from sslrecipes.models.backbones import MAEPrivViT, MaskedViT
from sslrecipes.models.heads import MAEPrivHead
from sslrecipes.models.necks import MAEDecoder, MAEPrivDecoder


@dataclass(frozen=True)
class MaskedNetwork:
    """A pre-trained network with its decoder.

    Attributes:
        weights: All of them, under our names.
        heads: Attention heads of the encoder.
        decoder_heads: Attention heads of the decoder.
        channel_first: Order of a patch vector: (channel, row, column), or (row, column, channel) as in MAE.
    """

    weights: dict[str, Tensor]
    heads: int
    decoder_heads: int
    channel_first: bool

    @classmethod
    def of(cls, weights: dict[str, Tensor], facts: TrainingFacts, channel_first: bool) -> MaskedNetwork:
        """Look at weights; numbers of heads that aren't known are usual ones, at least 1.

        Args:
            weights: Under our names.
            facts: What the file says about its training; nothing for official files.
            channel_first: As the attribute.
        """
        width, decoder_width = (weights[name].shape[-1] for name in ('backbone.pos_embed', 'neck.decoder_pos_embed'))
        decoder_heads = facts.decoder_heads or _usual_heads(decoder_width)
        return cls(weights, facts.heads or _usual_heads(width), decoder_heads, channel_first)

    @property
    def arch(self) -> ViTArch:
        """Architecture of the encoder."""
        arch = backbone_arch(_part(self.weights, 'backbone.'))
        assert isinstance(arch, ViTArch)
        return arch

    @property
    def decoder(self) -> dict[str, int]:
        """Sizes of the decoder, by the names that MAE's class and ours give them."""
        return dict(
            decoder_embed_dim=self.weights['neck.mask_token'].shape[-1],
            decoder_depth=block_count(self.weights, r'neck\.decoder_blocks\.(\d+)\.'),
            decoder_num_heads=self.decoder_heads,
        )

    def outputs(self) -> dict[str, Tensor]:
        """What MAE-priv makes of the probe: ``latent`` ``(2, V, C)`` and ``picture`` ``(2, 3, H, W)``, in float64."""
        weights = self.weights if lacks_class_row(self.weights) else without_class_row(self.weights)
        backbone = MAEPrivViT(with_cls_token=self.arch.cls_token, batched_shuffle=False, **self._sizes())
        head = MAEPrivHead(patch_size=self.arch.patch_size, channel_first=self.channel_first)
        return self._run(weights, backbone, MAEPrivDecoder(**self._decoder_sizes()), head)

    def outputs_of_mae(self) -> dict[str, Tensor]:
        """The same of MAE, whose decoder also gets the class token; the token's own latent is left out."""
        head = MAEPretrainHead(
            loss=dict(type='PixelReconstructionLoss', criterion='L2'), patch_size=self.arch.patch_size
        )
        visible = self._patches - int(0.75 * self._patches)  # MAE rounds down, and so could keep one less
        backbone = MaskedViT(mask_ratio=1 - (visible + 0.5) / self._patches, **self._sizes())
        outputs = self._run(self.weights, backbone, MAEDecoder(**self._decoder_sizes()), head)
        return {**outputs, 'latent': outputs['latent'][:, 1:]}

    @torch.no_grad()
    def _run(
        self, weights: Mapping[str, Tensor], backbone: nn.Module, neck: nn.Module, head: MAEPretrainHead
    ) -> dict[str, Tensor]:
        fill(backbone, _part(weights, 'backbone.')).double()
        fill(neck, _part(weights, 'neck.')).double()
        images = probe_images(self.arch.image_size, IMAGENET_MEAN, IMAGENET_STD).double()
        noise = torch.rand(len(images), self._patches, generator=torch.Generator().manual_seed(0))
        latent, _, ids_restore = backbone(images, noise=noise)
        return {'latent': latent, 'picture': head.unpatchify(neck(latent, ids_restore))}

    @property
    def _patches(self) -> int:
        return (self.arch.image_size // self.arch.patch_size) ** 2

    def _sizes(self) -> dict[str, Any]:
        arch = self.arch
        sizes = dict(
            embed_dims=arch.width,
            num_layers=arch.depth,
            num_heads=self.heads,
            feedforward_channels=arch.hidden,
        )
        return dict(arch=sizes, img_size=arch.image_size, patch_size=arch.patch_size)

    def _decoder_sizes(self) -> dict[str, Any]:
        arch = self.arch
        hidden, width = self.weights['neck.decoder_blocks.0.ffn.layers.0.0.weight'].shape
        sizes = dict(num_patches=self._patches, patch_size=arch.patch_size, embed_dim=arch.width)
        return {**sizes, 'mlp_ratio': hidden / width, **self.decoder}


def _usual_heads(width: int) -> int:
    heads = max(1, usual_heads(width))
    return 1 if width % heads else heads


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
