"""Weights of a file, put into a module: read safely, under our names, completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.coverage import Coverage, is_ignored, load_weights
from sslrecipes.checkpoint.files.reading import Location, read_checkpoint
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.used_alike import check_heads, warn_of_differences


def load_pretrained(
    module: nn.Module,
    checkpoint: str | Path,
    *,
    prefix: str | None = None,
    map_location: Location = 'cpu',
    ignore: Sequence[str] = (),
    allow_partial: bool = False,
    weights: str | None = None,
    fresh: Sequence[str] = (),
) -> Coverage:
    """Fill ``module`` from a file; the arguments are those of :class:`~sslrecipes.checkpoint.initializer.Pretrained`.

    Raises:
        CheckpointError: The file can't be read, or its network has another number of heads.
        CoverageError: The file doesn't fill the module; the module is unchanged.
    """
    held = read_checkpoint(checkpoint, map_location)
    state = our_weights(held, str(checkpoint), weights)
    prefix = f'{prefix.rstrip(".")}.' if prefix else ''
    if not any(name.startswith(prefix) for name in state):
        prefix = ''
    taken = {name: value for name, value in state.items() if not is_ignored(name.removeprefix(prefix), fresh)}
    source, ignore = str(checkpoint), (*ignore, *fresh)
    check_heads(module, facts := facts_of(meta_of(held)), source)
    coverage = load_state(module, taken, source=source, prefix=prefix, ignore=ignore, allow_partial=allow_partial)
    warn_of_differences(module, facts, source)
    return coverage


def load_state(
    module: nn.Module, state: Mapping[str, Tensor], *, source: str, prefix: str = '', **how: Any
) -> Coverage:
    """Fill ``module`` from weights under our names, as :func:`load_weights` does, whose arguments it takes.

    TEC weights that go into a module without MLP token get their token baked, so that the module computes what the
    pre-trained network computed.

    Raises:
        CoverageError: The weights don't fill the module; the module is unchanged.
    """
    return load_weights(module, baked_for(module, state, prefix), source=source, prefix=prefix, **how)


def baked_for(module: nn.Module, state: Mapping[str, Tensor], prefix: str = '') -> Mapping[str, Tensor]:
    """Bake TEC's MLP into the cls tokens that go into a module without it."""
    names = module.state_dict()
    for part in adapted_parts(state):
        if part.startswith(prefix) and f'{part.removeprefix(prefix)}cls_token_mlp.fc2.weight' not in names:
            state = bake_cls_token(state, part)
    return state
