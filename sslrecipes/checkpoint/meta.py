"""What a file says of its training: the ``meta`` of a checkpoint, or the name of the network in a file of MoCo v3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Heads of the networks that MoCo v3's files name; its ViT-S has twice as many as other ViTs of that width
_HEADS = {
    **dict.fromkeys(('vit_small', 'vit_base', 'vit_conv_small', 'vit_conv_base'), 12),
    **dict.fromkeys(('vit_large', 'vit_huge'), 16),
}


def meta_of(checkpoint: Mapping[str, Any]) -> Any:
    """What :func:`sslrecipes.checkpoint.stated.facts_of` looks at, of what a file holds; None if it says nothing."""
    meta, arch = checkpoint.get('meta'), checkpoint.get('arch')
    if meta is None and isinstance(arch, str) and arch in _HEADS:
        return {'heads': str(_HEADS[arch])}
    return meta
