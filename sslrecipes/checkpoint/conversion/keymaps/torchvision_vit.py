"""torchvision's ViTs: attention as in ``nn.MultiheadAttention``, and names as nowhere else; without classifier."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, bare
from sslrecipes.checkpoint.conversion.keymaps.rules import BESIDE_THE_BACKBONE, KeyMap

_BLOCK = (
    ('ln_1.', 'ln1.'),
    ('self_attention.in_proj_weight', 'attn.qkv.weight'),
    ('self_attention.in_proj_bias', 'attn.qkv.bias'),
    ('self_attention.out_proj.', 'attn.proj.'),
    ('ln_2.', 'ln2.'),
    ('mlp.0.', 'ffn.layers.0.0.'),
    ('mlp.3.', 'ffn.layers.1.'),
)

TORCHVISION_VIT = KeyMap(
    family='torchvision-vit',
    rules=(
        ('class_token', 'backbone.cls_token'),
        ('encoder.pos_embedding', 'backbone.pos_embed'),
        ('conv_proj.', 'backbone.patch_embed.projection.'),
        *((f'encoder.layers.encoder_layer_{{i}}.{theirs}', f'backbone.layers.{{i}}.{ours}') for theirs, ours in _BLOCK),
        ('encoder.ln.', 'backbone.ln1.'),
    ),
    left_out=(r'heads\..+',),
    added=BESIDE_THE_BACKBONE,
    marks=('conv_proj.weight',),
    layout=Layout(bare),
)
