"""The plain ViT body: timm 0.3.2 names (official MAE, iBOT, TEC) and mmpretrain's."""

from __future__ import annotations

from collections.abc import Collection

from sslrecipes.checkpoint.conversion.keymaps.rules import Rules

_BLOCK = (
    ('norm1.', 'ln1.'),
    ('attn.qkv.', 'attn.qkv.'),
    ('attn.proj.', 'attn.proj.'),
    ('norm2.', 'ln2.'),
    ('mlp.fc1.', 'ffn.layers.0.0.'),
    ('mlp.fc2.', 'ffn.layers.1.'),
)


def stack(official: str, ours: str) -> Rules:
    """The rows of a stack of transformer blocks with these two names."""
    return tuple((f'{official}.{{i}}.{theirs}', f'{ours}.{{i}}.{mine}') for theirs, mine in _BLOCK)


BODY: Rules = (
    ('cls_token', 'backbone.cls_token'),
    ('pos_embed', 'backbone.pos_embed'),
    ('patch_embed.proj.', 'backbone.patch_embed.projection.'),
    *stack('blocks', 'backbone.layers'),
    ('norm.', 'backbone.ln1.'),
)

CLASSIFIER: Rules = (
    ('fc_norm.', 'backbone.ln2.'),
    ('head.', 'head.fc.'),
)

_OTHER_PARTS = ('decoder_', 'mask_token', 'masked_embed', 'head.', 'fc_norm.')


def has_body(names: Collection[str]) -> bool:
    """Whether there is a ViT body among these official names."""
    return 'patch_embed.proj.weight' in names


def is_bare(names: Collection[str]) -> bool:
    """Whether there is nothing else: neither decoder nor head."""
    return not begins(names, _OTHER_PARTS)


def begins(names: Collection[str], parts: tuple[str, ...]) -> bool:
    """Whether one of the names begins with one of ``parts``."""
    return any(name.startswith(parts) for name in names)
