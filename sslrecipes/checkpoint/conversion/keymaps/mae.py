"""MAE (github.com/facebookresearch/mae): pre-training with decoder, encoder-only release, fine-tuned classifier."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, CLASSIFIER, stack

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
)
