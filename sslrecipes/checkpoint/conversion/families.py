"""Telling by its parameter names where a checkpoint comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS, KeyMap


def detect_family(state: Mapping[str, Any], to_convert: bool = False) -> str | None:
    """Name the official family whose parameter names ``state`` has, or ``None`` for our own names.

    Checkpoints of DINO and SSLight show by their heads, those of MoCo by their encoders, those of MoCo v3, W2SSL, S3L
    and SimSiam by their projections, those of MAE-priv by its biases, networks of torchvision, timm and detectron2 by a
    name that only these have. solo-learn and mmselfsup call backbones as we do: their files show by all other names
    together. The others name the ViT body alike; what tells them apart are the other parts and, where there are none,
    the final norm (absent from released TEC files) and the cls row of the position embedding (zero in MAE). What can't
    be told: a bare ViT of DINO or timm counts as one of these, whose names it has, a bare ResNet of torchvision, timm
    or DINO as ours, for the same reason, S3L's fine-tuned ones among them, and S3L's SimCLR as MoCo without key
    encoder.

    Args:
        state: Weights by their names.
        to_convert: Tell files that can be loaded as they are, those of mmselfsup, from ours.
    """
    families = [keymap for keymap in KEYMAPS.values() if to_convert or not keymap.loads_as_it_is]
    marked = next((keymap.family for keymap in families if keymap.is_marked(state)), None)
    return marked or next((keymap.family for keymap in families if _seems(state, keymap)), None)


def nearest_family(state: Mapping[str, Any]) -> KeyMap | None:
    """Of the families whose signs ``state`` has, the one that knows the most of its names."""
    signed = [keymap for keymap in KEYMAPS.values() if keymap.has_signs(state)]
    return min(signed, key=lambda keymap: len(keymap.unknown(state)), default=None)


def _seems(state: Mapping[str, Any], keymap: KeyMap) -> bool:
    return keymap.resembles(state) or (keymap.has_signs(state) and keymap.knows(state))
