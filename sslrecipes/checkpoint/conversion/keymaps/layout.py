"""Where the files of a family keep their weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

Put = Callable[[dict[str, Tensor]], dict[str, Any]]
Take = Callable[[Mapping[str, Any]], dict[str, Any]]


def bare(state: dict[str, Tensor]) -> dict[str, Any]:
    """The weights and nothing else."""
    return dict(state)


def in_entry(entry: str) -> Put:
    """The weights in one entry."""
    return lambda state: {entry: state}


_in_state_dict = in_entry('state_dict')


@dataclass(frozen=True)
class Layout:
    """How weights lie in a file.

    Attributes:
        put: Makes of weights under their official names what the family's code reads.
        take: Takes the weights of all networks out of a file under their official names, which are their paths in the
            file; empty for a file that isn't the family's. None if files hold one network, in one of the usual entries.
        trained: For each network of a file the trained one, whose place it can take.
    """

    put: Put = _in_state_dict
    take: Take | None = None
    trained: Mapping[str, str] = field(default_factory=dict)


def in_ddp(marks: tuple[str, ...], trained: Mapping[str, str]) -> Layout:
    """All networks in the entry ``state_dict``, wrapped for several processes, and what a loss keeps in ``loss``.

    Args:
        marks: Names of which every such file has one.
        trained: See :class:`Layout`.
    """

    def take(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
        state = {name.removeprefix('module.'): value for name, value in held(checkpoint, 'state_dict').items()}
        if not any(mark in state for mark in marks):
            return {}
        return state | {f'loss.{name}': value for name, value in held(checkpoint, 'loss').items()}

    return Layout(put_in_ddp, take, trained)


def held(checkpoint: Mapping[str, Any], entry: str) -> Mapping[str, Any]:
    """What an entry holds; nothing if it isn't there or is no dict."""
    found = checkpoint.get(entry)
    return found if isinstance(found, Mapping) else {}


def part(state: Mapping[str, Tensor], prefix: str, new_prefix: str = '') -> dict[str, Tensor]:
    """The weights whose names begin with ``prefix``, which they lose for another one."""
    return {new_prefix + name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def put_in_ddp(state: dict[str, Tensor]) -> dict[str, Any]:
    """All networks in the entry ``state_dict``, wrapped for several processes; see :func:`in_ddp`."""
    networks = {f'module.{name}': value for name, value in state.items() if not name.startswith('loss.')}
    loss = part(state, 'loss.')
    return {'state_dict': networks, **({'loss': loss} if loss else {})}
