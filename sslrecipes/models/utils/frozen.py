"""Keep a frozen sub-network out of checkpoints."""

from __future__ import annotations

from typing import Any

from torch import nn


def keep_out_of_checkpoints(parent: nn.Module, child: str) -> None:
    """Leave ``parent.<child>`` out of the state dict and don't miss it when loading.

    Works for torch's own ``state_dict``/``load_state_dict`` and for mmengine's, which walk the modules themselves but
    honour the same hooks.
    """

    def drop(_module: nn.Module, state_dict: dict[str, Any], prefix: str, _metadata: Any) -> None:
        for key in [key for key in state_dict if key.startswith(f'{prefix}{child}.')]:
            del state_dict[key]

    def not_missing(_module: nn.Module, keys: Any) -> None:
        keys.missing_keys[:] = [key for key in keys.missing_keys if f'{child}.' not in key]

    parent._register_state_dict_hook(drop)
    parent.register_load_state_dict_post_hook(not_missing)
