"""iBOT (github.com/bytedance/ibot): backbone files and the student or teacher of a full training checkpoint."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

_CUT_HEAD = r'(\.?\d+\.|_layer2?\.|_norm2?\.).+|weight|bias'
"""What is left of the names ``module.head.*`` after TEC's cut of 16 characters (`conversion.unwrap`)."""

IBOT = KeyMap(
    family='ibot',
    rules=BODY,
    left_out=('masked_embed', r'head\..+', _CUT_HEAD),
)
