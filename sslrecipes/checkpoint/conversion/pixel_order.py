"""Pre-trained MAE and MAE-priv in our names, one as the other: order of a patch's pixels, and the class token's row.

A patch vector is (channel, row, column) in MAE-priv and (row, column, channel) in MAE. MAE's decoder also gets the
class token, for which its position table has a row of zeros.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_TABLE = 'neck.decoder_pos_embed'
_PIXELS = ('neck.decoder_pred.weight', 'neck.decoder_pred.bias')


def is_pretraining(state: Mapping[str, Tensor]) -> bool:
    """Whether these are the weights of MAE or MAE-priv with decoder, under our names."""
    return {_TABLE, *_PIXELS, 'backbone.pos_embed'} <= state.keys()


def lacks_class_row(state: Mapping[str, Tensor]) -> bool:
    """Whether these are weights whose decoder gets no class token."""
    if not is_pretraining(state):
        return False
    return state[_TABLE].shape[1] == state['backbone.pos_embed'].shape[1] - ('backbone.cls_token' in state)


def as_mae(state: Mapping[str, Tensor], channel_first: bool = True) -> dict[str, Tensor]:
    """Make MAE-priv's weights MAE's.

    Args:
        state: Weights of ``MAEPriv``.
        channel_first: As its head has it.
    """
    table = state[_TABLE]
    if 'backbone.cls_token' in state:
        table = torch.cat([torch.zeros_like(table[:, :1]), table], dim=1)
    return {**(_reordered(state, channel_last=True) if channel_first else state), _TABLE: table}


def as_mae_priv(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Make MAE's weights those of ``MAEPriv`` with ``channel_first=True``; :func:`as_mae` is the inverse."""
    return _reordered(state if lacks_class_row(state) else without_class_row(state), channel_last=False)


def without_class_row(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take the class token's row off the decoder's position table."""
    return {**state, _TABLE: state[_TABLE][:, 1:].clone()}


def _reordered(state: Mapping[str, Tensor], channel_last: bool) -> dict[str, Tensor]:
    """The same weights, with the rows of the pixel prediction in the other order."""
    channels, height, width = state['backbone.patch_embed.projection.weight'].shape[1:]
    sizes, order = ((channels, height, width), (1, 2, 0)) if channel_last else ((height, width, channels), (2, 0, 1))
    pixels = {name: state[name].unflatten(0, sizes) for name in _PIXELS}
    return {**state, **{name: value.movedim(order, (0, 1, 2)).flatten(0, 2) for name, value in pixels.items()}}
