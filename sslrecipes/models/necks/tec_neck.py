"""TEC's neck: encoder adapter and two decoder branches that share their blocks."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModule
from mmpretrain.models.backbones.vision_transformer import TransformerEncoderLayer
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.models.necks.tec_adapter import EncoderAdapter
from sslrecipes.models.utils.initialization import xavier_init
from sslrecipes.models.utils.masking import gather_tokens, restore_tokens
from sslrecipes.registry import MODELS


class TECPrediction(NamedTuple):
    """Predictions of the student.

    Attributes:
        feature: ``(B, L, Cb)``.
        relation: ``(B, 1 + k, Hb, L)`` logits, or None without the relation branch.
    """

    feature: Tensor
    relation: Tensor | None


class DecoderBranch(nn.Module):
    """What a branch does not share: embedding, mask token and norm.

    Args:
        dims: Student width C.
        decoder_dims: Decoder width Cd.
        norm_cfg: The norm.
    """

    def __init__(self, dims: int, decoder_dims: int, norm_cfg: dict[str, Any]) -> None:
        super().__init__()
        self.embed = nn.Linear(dims, decoder_dims)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, decoder_dims))
        self.norm = build_norm_layer(norm_cfg, decoder_dims)

    def full_sequence(self, adapted: Tensor, ids_restore: Tensor) -> Tensor:
        """Embed ``(B, 1 + K, C)`` and restore all places: ``(B, 1 + L, Cd)``."""
        x = self.embed(adapted)
        return torch.cat([x[:, :1], restore_tokens(x[:, 1:], self.mask_token, ids_restore)], dim=1)


class FeatureBranch(DecoderBranch):
    """Regresses the base model's features; ``target_dims`` is Cb."""

    def __init__(self, dims: int, decoder_dims: int, norm_cfg: dict[str, Any], target_dims: int) -> None:
        super().__init__(dims, decoder_dims, norm_cfg)
        self.pred = nn.Linear(decoder_dims, target_dims)

    def predict(self, x: Tensor) -> Tensor:
        """Map decoded tokens ``(B, 1 + L, Cd)`` to features ``(B, L, Cb)``."""
        return self.pred(self.norm(x[:, 1:]))


class RelationBranch(DecoderBranch):
    """Predicts the base model's attention logits of chosen query patches.

    Args:
        dims: Student width C.
        decoder_dims: Decoder width Cd.
        norm_cfg: The norm.
        target_dims: Base width Cb.
        target_heads: Base heads Hb.
    """

    def __init__(
        self, dims: int, decoder_dims: int, norm_cfg: dict[str, Any], target_dims: int, target_heads: int
    ) -> None:
        super().__init__(dims, decoder_dims, norm_cfg)
        self.qk = nn.Linear(decoder_dims, 2 * target_dims)
        self.heads = target_heads

    def predict(self, x: Tensor, query_ids: Tensor) -> Tensor:
        """Map decoded tokens ``(B, 1 + L, Cd)`` and query patches ``(B, k)`` to logits ``(B, 1 + k, Hb, L)``.

        Queries are the class token and the chosen patches, keys are the patches; only those rows are projected.
        The scale is ``Cb ** -0.5``, the full width and not the head's.
        """
        x = self.norm(x)
        queries = torch.cat([x[:, :1], gather_tokens(x[:, 1:], query_ids)], dim=1)
        (w_q, w_k), (b_q, b_k) = self.qk.weight.chunk(2), self.qk.bias.chunk(2)
        q = F.linear(queries, w_q, b_q).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k = F.linear(x[:, 1:], w_k, b_k).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        logits = (q @ k.transpose(-2, -1)) * w_q.shape[0] ** -0.5
        return logits.transpose(1, 2)


@MODELS.register_module()
class TECNeck(BaseModule):
    """From all layers of the student to predicted features and relations of the base model.

    Args:
        embed_dims: Student width C.
        num_layers: Student depth D.
        num_patches: L, a square number.
        num_groups: Groups of the encoder adapter; ``D // 3`` if not given.
        decoder_embed_dims: Decoder width Cd.
        decoder_depth: Number of shared decoder blocks.
        decoder_num_heads: Heads of the decoder blocks.
        mlp_ratio: Hidden over outer width of the decoder blocks (the adapter's MLPs always have ``4 * Cd``).
        target_dims: Base width Cb; the student's if not given.
        target_heads: Base heads Hb (only used by the relation branch).
        relation: Whether to predict relations.
        norm_cfg: Norm of adapter, branches and blocks; a LayerNorm of eps 1e-6 if not given.

    Source: TEC (https://arxiv.org/abs/2210.11016), conditional adapters.
    """

    def __init__(
        self,
        embed_dims: int = 768,
        num_layers: int = 12,
        num_patches: int = 196,
        num_groups: int | None = None,
        decoder_embed_dims: int = 512,
        decoder_depth: int = 2,
        decoder_num_heads: int = 16,
        mlp_ratio: float = 4,
        target_dims: int | None = None,
        target_heads: int = 12,
        relation: bool = True,
        norm_cfg: dict[str, Any] | None = None,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='LN', eps=1e-6)
        sizes, target_dims = (embed_dims, decoder_embed_dims, norm_cfg), target_dims or embed_dims
        self.embed_dims, self.target_dims = embed_dims, target_dims
        self.adapter = EncoderAdapter(
            embed_dims, num_layers, num_groups or num_layers // 3, 4 * decoder_embed_dims, norm_cfg
        )
        self.feature_branch = FeatureBranch(*sizes, target_dims)
        self.relation_branch = RelationBranch(*sizes, target_dims, target_heads) if relation else None
        self.blocks = nn.ModuleList(
            TransformerEncoderLayer(
                decoder_embed_dims,
                decoder_num_heads,
                int(mlp_ratio * decoder_embed_dims),
                norm_cfg=norm_cfg,
            )
            for _ in range(decoder_depth)
        )
        self.grid = (int(num_patches**0.5),) * 2
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + num_patches, decoder_embed_dims), requires_grad=False)

    def init_weights(self) -> None:
        """Initialise as the official code."""
        super().init_weights()
        xavier_init(self)
        for branch in self.branches:
            nn.init.normal_(branch.mask_token, std=0.02)
        self.pos_embed.data.copy_(sincos_position_embedding(self.pos_embed.shape[-1], self.grid))

    @property
    def branches(self) -> list[DecoderBranch]:
        """The branches in use, feature first."""
        return [branch for branch in (self.feature_branch, self.relation_branch) if branch is not None]

    def forward(self, layers: list[Tensor], ids_restore: Tensor, query_ids: Tensor | None = None) -> TECPrediction:
        """Predict the targets; both branches run the shared blocks in one pass.

        Args:
            layers: D tensors ``(B, 1 + K, C)``, the last one after the student's final norm.
            ids_restore: ``(B, L)``.
            query_ids: ``(B, k)`` query patches chosen by the base model; needed with the relation branch.
        """
        adapted = self.adapter(layers)
        x = torch.cat([branch.full_sequence(adapted, ids_restore) for branch in self.branches]) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        decoded = x.chunk(len(self.branches))
        feature = self.feature_branch.predict(decoded[0])
        if self.relation_branch is None:
            return TECPrediction(feature, None)
        assert query_ids is not None, 'the relation branch needs the query patches of the base model'
        return TECPrediction(feature, self.relation_branch.predict(decoded[1], query_ids))
