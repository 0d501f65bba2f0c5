"""TEC's input adapter baked into the cls token, as the official ``weight_convert`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from sslrecipes.errors import CheckpointError

_MLP = 'cls_token_mlp.'


def adapted_parts(state: Mapping[str, Any]) -> list[str]:
    """The prefixes of the sub-networks that hold an MLP token (``['backbone.']`` for a TEC checkpoint)."""
    last = f'{_MLP}fc2.weight'
    return [name.removesuffix(last) for name in state if name == last or name.endswith(f'.{last}')]


def bake_cls_token(state: Mapping[str, Tensor], prefix: str = 'backbone.') -> dict[str, Tensor]:
    """Replace the cls token by what its MLP makes of it and drop the MLP.

    The network computes the same afterwards: the token's row of the position embedding is zero and is left alone.

    Args:
        state: Weights under our names.
        prefix: The sub-network that holds ``cls_token`` (1, 1, C) and ``cls_token_mlp.{fc1,fc2}``.

    Raises:
        CheckpointError: The token or a part of its MLP is missing.
    """
    names = [f'{prefix}{name}' for name in ('cls_token', *(f'{_MLP}fc{i}.{leaf}' for i in '12' for leaf in ('weight', 'bias')))]
    absent = [name for name in names if name not in state]
    if absent:
        raise CheckpointError(f'The cls token cannot be baked: {", ".join(absent)} missing.')
    token, *mlp = (state[name] for name in names)
    baked = F.linear(F.gelu(F.linear(token, *mlp[:2])), *mlp[2:])
    kept = {name: value for name, value in state.items() if not name.startswith(f'{prefix}{_MLP}')}
    return {**kept, names[0]: baked}
