"""iBOT (github.com/bytedance/ibot): backbone files and the student or teacher of a full training checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, begins, has_body, is_bare

_PARTS = ('masked_embed', 'head.mlp.', 'head.last_layer')

_CUT_HEAD = r'(\.?\d+\.|_layer2?\.|_norm2?\.).+|weight|bias'
"""What is left of the names ``module.head.*`` after TEC's cut of 16 characters (`conversion.unwrap`)."""


def _resembles(state: Mapping[str, Any]) -> bool:
    """Files show by iBOT's own parts; a bare ViT counts as iBOT's if the class token has a position, as not in MAE."""
    positions = state.get('pos_embed')
    has_class_row = isinstance(positions, Tensor) and bool(positions[:, 0].any())
    return has_body(state) and (begins(state, _PARTS) or (is_bare(state) and has_class_row))


IBOT = KeyMap(
    family='ibot',
    rules=BODY,
    left_out=('masked_embed', r'head\..+', _CUT_HEAD),
    resembles=_resembles,
)
