"""TEC's input adapter baked into the cls token, as the official ``weight_convert`` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn.functional import gelu, linear

from sslrecipes.errors import CheckpointError

_MLP = 'cls_token_mlp.'


def adapted_parts(state: Mapping[str, Any]) -> list[str]:
    """The prefixes of the sub-networks that hold an MLP token (``['backbone.']`` for a TEC checkpoint)."""
    last = f'{_MLP}fc2.weight'
    return [name.removesuffix(last) for name in state if name == last or name.endswith(f'.{last}')]


def bake_cls_token(state: Mapping[str, Tensor], prefix: str = 'backbone.') -> dict[str, Tensor]:
    """Replace the cls token by what its MLP makes of it and drop the MLP.

    The network computes the same afterwards. The sum is taken in float64, so that its last bit depends on no machine;
    the position embedding is left alone.

    Args:
        state: Weights under our names.
        prefix: The sub-network that holds ``cls_token`` (1, 1, C) and ``cls_token_mlp.{fc1,fc2}``.

    Raises:
        CheckpointError: The token or a part of its MLP is missing.
    """
    token_name = f'{prefix}cls_token'
    mlp_names = [f'{prefix}{_MLP}{name}' for name in ('fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias')]
    absent = [name for name in (token_name, *mlp_names) if name not in state]
    if absent:
        raise CheckpointError(f'the cls token cannot be baked: {", ".join(absent)} missing.')
    token = state[token_name]
    weight1, bias1, weight2, bias2 = (state[name].double() for name in mlp_names)
    baked = linear(gelu(linear(token.double(), weight1, bias1)), weight2, bias2).to(token.dtype)
    kept = {name: value for name, value in state.items() if not name.startswith(f'{prefix}{_MLP}')}
    return {**kept, token_name: baked}
