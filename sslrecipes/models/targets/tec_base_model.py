"""The frozen base model of TEC and its targets."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from mmpretrain.models import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.masking import gather_tokens
from sslrecipes.registry import MODELS


class TECTargets(NamedTuple):
    """What the student regresses.

    Attributes:
        feature: ``(B, L, Cb)`` mean of the last blocks' patch outputs, without the final norm.
        relation: ``(B, 1 + k, Hb, L)`` pre-softmax attention logits of the last block, or None.
        query_ids: ``(B, k)`` query patches, by descending mean logit of the class token, or None.
    """

    feature: Tensor
    relation: Tensor | None
    query_ids: Tensor | None


@MODELS.register_module()
class TECBaseModel(VisionTransformer):
    """A pre-trained ViT (MAE or iBOT) that sees the whole image and never changes.

    It stays in eval mode, needs no gradients and belongs to no checkpoint.

    Args:
        arch: Architecture, as of ``mmpretrain.models.VisionTransformer``.
        img_size: Image size in pixels.
        patch_size: Patch size in pixels; must be the student's.
        checkpoint: Weight file, official or ours; loaded in :meth:`init_weights`. All its needed keys must be there.
        weights: ``'teacher'`` or ``'student'`` for files with both (full iBOT checkpoints); None takes what the
            official code takes, the student.
        last_layers: Number n of last blocks whose outputs are averaged.
        topk: Number k of query patches.
        relation: Whether to give the relation target.

    Source: ``models/basemodel_vit.py`` of sail-sg/TEC.
    """

    def __init__(
        self,
        arch: str | dict[str, int] = 'b',
        img_size: int = 224,
        patch_size: int = 16,
        checkpoint: str | None = None,
        weights: str | None = None,
        last_layers: int = 2,
        topk: int = 15,
        relation: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            arch=arch, img_size=img_size, patch_size=patch_size, final_norm=False, out_type='raw', **kwargs
        )
        self.checkpoint = checkpoint
        self.weights = weights
        self.last_layers = last_layers
        self.topk = topk
        self.relation = relation
        if not 1 <= last_layers <= self.num_layers:
            raise ConfigError(f'TECBaseModel: last_layers is {last_layers}, but it has {self.num_layers} layers.')
        if not 1 <= topk < self.pos_embed.shape[1]:
            raise ConfigError(f'TECBaseModel: topk is {topk}, but an image has {self.pos_embed.shape[1] - 1} patches.')
        self.requires_grad_(False)
        self.train(False)

    def init_weights(self) -> None:
        """Load the base weights; refuses a file that lacks any of them.

        Raises:
            ConfigError: If the config names no file.
            CheckpointError: If the file is missing, damaged, unsafe, or of another family or size.
        """
        if self.checkpoint is None:
            raise ConfigError('TECBaseModel needs model.target_generator.checkpoint, the weights of the base model.')
        from sslrecipes.checkpoint.loading import load_pretrained  # with all foreign layouts

        load_pretrained(self, self.checkpoint, prefix='backbone.', weights=self.weights)
        self._is_init = True

    def train(self, mode: bool = True) -> TECBaseModel:
        """Stay in eval mode, whatever ``mode``."""
        super().train(False)
        return self

    @torch.no_grad()
    def forward(self, images: Tensor) -> TECTargets:
        """Compute the targets of images ``(B, 3, H, W)``."""
        x, grid = self.patch_embed(images)
        x = torch.cat([self.cls_token.to(x.dtype).expand(x.shape[0], -1, -1), x], dim=1)
        x = x + resize_pos_embed(self.pos_embed, self.patch_resolution, grid, self.interpolate_mode, 1)
        first, outputs = self.num_layers - self.last_layers, []
        for index, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            if index >= first:
                outputs.append(x[:, 1:])
        x, q, k = self._last_block(x)
        feature = torch.stack([*outputs, x[:, 1:]]).mean(dim=0)
        return TECTargets(feature, *(self._relation(q, k) if self.relation else (None, None)))

    def _last_block(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run the last block with fused attention; return its output and its queries and keys ``(B, Hb, N, d)``."""
        block = self.layers[-1]
        qkv = block.attn.qkv(block.ln1(x)).unflatten(-1, (3, block.attn.num_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        x = x + block.attn.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return block.ffn(block.ln2(x), identity=x), q, k

    def _relation(self, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the class token and the k patches it attends to most: only 1 + k of the N rows are computed."""
        keys = k[:, :, 1:].transpose(-2, -1) * q.shape[-1] ** -0.5
        class_logits = q[:, :, :1] @ keys
        query_ids = class_logits.mean(dim=1).squeeze(1).topk(self.topk, dim=-1).indices
        rows = gather_tokens(q[:, :, 1:].transpose(1, 2).flatten(2), query_ids)
        rows = rows.unflatten(-1, (q.shape[1], -1)).transpose(1, 2)
        return torch.cat([class_logits, rows @ keys], dim=2).transpose(1, 2), query_ids
