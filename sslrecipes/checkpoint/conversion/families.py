"""Telling by its parameter names where a checkpoint comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS


def detect_family(state: Mapping[str, Any]) -> str | None:
    """Name the official family whose parameter names ``state`` has, or ``None`` for our own names.

    Checkpoints of DINO and SSLight show by their heads, those of MoCo by their encoders, those of MAE-priv by its
    biases, networks of torchvision, timm and detectron2 by a name that only these have. The others name the ViT body
    alike; what tells them apart are the other parts and, where there are none, the final norm (absent from released
    TEC files) and the cls row of the position embedding (zero in MAE). What can't be told: a bare ViT of DINO or timm
    counts as one of these, whose names it has, and a bare ResNet of torchvision, timm or DINO as ours, for the same
    reason.
    """
    families = KEYMAPS.values()
    marked = next((keymap.family for keymap in families if keymap.is_marked(state)), None)
    return marked or next((keymap.family for keymap in families if keymap.resembles(state)), None)
