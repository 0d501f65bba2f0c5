"""TEC (github.com/sail-sg/TEC): pre-training, fine-tuning with live MLP token, released (converted) flat files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, CLASSIFIER, begins, has_body, is_bare, stack

_PARTS = ('cls_token_mlp.', 'encoder_adaptor.', 'forward_fea_decoder.', 'forward_att_decoder.')


def _is_released(names: Collection[str]) -> bool:
    """Whether these are the names of a released file: the ViT body without norm or anything else."""
    return is_bare(names) and not begins(names, (*_PARTS, 'norm.'))


def _resembles(state: Mapping[str, Any]) -> bool:
    return has_body(state) and (begins(state, _PARTS) or _is_released(state))


def _put(state: dict[str, Tensor]) -> dict[str, Any]:
    return dict(state) if _is_released(state) else {'model': state}


TEC = KeyMap(
    family='tec',
    rules=(
        *BODY,
        *CLASSIFIER,
        ('cls_token_mlp.{fc}.', 'backbone.cls_token_mlp.{fc}.'),
        ('encoder_adaptor.adap_before.', 'neck.adapter.norm_in.'),
        ('encoder_adaptor.fuse_fcs.{group}.', 'neck.adapter.fuse.{group}.'),
        ('encoder_adaptor.adap_mlps.{group}.{fc}.', 'neck.adapter.mlps.{group}.{fc}.'),
        ('encoder_adaptor.adap_after.', 'neck.adapter.norm_out.'),
        ('forward_fea_decoder.decoder_embed.', 'neck.feature_branch.embed.'),
        ('forward_fea_decoder.mask_token', 'neck.feature_branch.mask_token'),
        ('forward_fea_decoder.decoder_norm.', 'neck.feature_branch.norm.'),
        ('forward_fea_decoder.decoder_pred.', 'neck.feature_branch.pred.'),
        ('forward_att_decoder.decoder_embed.', 'neck.relation_branch.embed.'),
        ('forward_att_decoder.mask_token', 'neck.relation_branch.mask_token'),
        ('forward_att_decoder.decoder_norm.', 'neck.relation_branch.norm.'),
        ('forward_att_decoder.decoder_qk.', 'neck.relation_branch.qk.'),
        ('decoder_pos_embed', 'neck.pos_embed'),
        *stack('decoder_blocks', 'neck.blocks'),
    ),
    resembles=_resembles,
    layout=Layout(_put),
)
