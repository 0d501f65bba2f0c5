"""MAE (github.com/facebookresearch/mae): pre-training with decoder, encoder-only release, fine-tuned classifier."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, in_entry
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, CLASSIFIER, has_body, stack
from sslrecipes.checkpoint.conversion.pixel_order import lacks_class_row


def _misfit(state: Mapping[str, Tensor]) -> str | None:
    if not lacks_class_row(state):
        return None
    return 'pixels of MAE-priv lie in another order: convert it by tools/convert_checkpoint.py.'


MAE = KeyMap(
    family='mae',
    rules=(
        *BODY,
        *CLASSIFIER,
        ('decoder_embed.', 'neck.decoder_embed.'),
        ('mask_token', 'neck.mask_token'),
        ('decoder_pos_embed', 'neck.decoder_pos_embed'),
        *stack('decoder_blocks', 'neck.decoder_blocks'),
        ('decoder_norm.', 'neck.ln1.'),
        ('decoder_pred.', 'neck.decoder_pred.'),
    ),
    resembles=has_body,
    layout=Layout(in_entry('model')),
    misfit=_misfit,
)
