"""Initialisation of official code: Linear layers and LayerNorms, and what must stay as loaded."""

from __future__ import annotations

from typing import Any

from torch import nn


def xavier_init(module: nn.Module) -> None:
    """Give every Linear Xavier-uniform weights and zero bias, every LayerNorm 1 and 0.

    ``qkv`` counts as one ``C x 3C`` matrix, as officially.

    Source: ``_init_weights`` in ``models_mae.py`` of facebookresearch/mae.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.LayerNorm):
            nn.init.ones_(layer.weight)
            nn.init.zeros_(layer.bias)


def normal_init(module: nn.Module, std: float) -> None:
    """Give every Linear normal weights of standard deviation ``std`` and zero bias.

    DINO, SSLight: 0.02 (officially truncated at ±2, a hundred standard deviations, which changes nothing).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def loads_pretrained(init_cfg: Any) -> bool:
    """Tell whether an ``init_cfg`` (dict, list of dicts or None) loads weights, so that nothing may overwrite them."""
    cfgs = [init_cfg] if isinstance(init_cfg, dict) else init_cfg or []
    return any(cfg['type'] == 'Pretrained' for cfg in cfgs)
