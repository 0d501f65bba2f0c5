"""The names of ``transformers.ViTModel``, as its released files have them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from sslrecipes.errors import CheckpointError

_LAYER = re.compile(r'layers\.(\d+)\.(.+)\.(weight|bias)')
_ENDS = {
    'cls_token': 'embeddings.cls_token',
    'pos_embed': 'embeddings.position_embeddings',
    'patch_embed.projection.weight': 'embeddings.patch_embeddings.projection.weight',
    'patch_embed.projection.bias': 'embeddings.patch_embeddings.projection.bias',
    'ln1.weight': 'layernorm.weight',
    'ln1.bias': 'layernorm.bias',
}
_PARTS = {
    'ln1': 'layernorm_before',
    'attn.proj': 'attention.output.dense',
    'ln2': 'layernorm_after',
    'ffn.layers.0.0': 'intermediate.dense',
    'ffn.layers.1': 'output.dense',
}
_ATTENTION = ('query', 'key', 'value')


def to_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the weights of a bare ViT of ours.

    The pooler of ``ViTModel``, a linear layer that pre-training doesn't have, becomes the identity.

    Raises:
        CheckpointError: A weight that ``ViTModel`` has no place for.
    """
    renamed: dict[str, Tensor] = {}
    for name, value in state.items():
        layer = _LAYER.fullmatch(name)
        if name in _ENDS:
            renamed[_ENDS[name]] = value
        elif layer and layer[2] == 'attn.qkv':
            for part, rows in zip(_ATTENTION, value.chunk(3), strict=True):
                renamed[f'encoder.layer.{layer[1]}.attention.attention.{part}.{layer[3]}'] = rows.clone()
        elif layer and layer[2] in _PARTS:
            renamed[f'encoder.layer.{layer[1]}.{_PARTS[layer[2]]}.{layer[3]}'] = value
        else:
            raise CheckpointError(f'transformers.ViTModel has no place for "{name}".')
    width = state['ln1.weight']
    pooler = {'weight': torch.eye(len(width), dtype=width.dtype), 'bias': torch.zeros_like(width)}
    return renamed | {f'pooler.dense.{name}': value for name, value in pooler.items()}
