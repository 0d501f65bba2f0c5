"""From whatever a checkpoint file holds to weights under our names, and back to the official names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from sslrecipes.checkpoint.keymaps import KEYMAPS
from sslrecipes.checkpoint.reading import Location, read_checkpoint
from sslrecipes.checkpoint.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError, did_you_mean

T = TypeVar('T')

_CUT = len('module.backbone.')
_TEC_PARTS = ('cls_token_mlp.', 'encoder_adaptor.', 'forward_fea_decoder.', 'forward_att_decoder.')
_MAE_PARTS = ('decoder_', 'mask_token', 'head.', 'fc_norm.')
_OURS = ('backbone.', 'neck.', 'head.')


def unwrap(checkpoint: Mapping[str, Any], weights: str | None = None) -> tuple[dict[str, Any], str]:
    """Take the weights out of a checkpoint.

    Without ``weights`` the order is that of the official TEC code: entry ``model``, ``state_dict``, ``student``, else
    the checkpoint itself. As there, the names of a student then lose their first 16 characters, the length of
    ``module.backbone.``, whatever these are; ``weights='student'`` takes off only what is there.

    Args:
        checkpoint: What the file holds.
        weights: The entry to take instead, such as ``'teacher'`` or ``'student'`` of a full iBOT checkpoint.

    Returns:
        The weights and the entry they were taken from (``'bare'`` for none).

    Raises:
        CheckpointError: There is no such entry, or it holds no weights.
    """
    entry = weights or next((entry for entry in ('model', 'state_dict', 'student') if entry in checkpoint), 'bare')
    if entry == 'bare':
        return dict(checkpoint), entry
    if not isinstance(checkpoint.get(entry), Mapping):
        held = [name for name, value in checkpoint.items() if isinstance(value, Mapping)]
        raise CheckpointError(
            f'there are no weights "{entry}"; it has {", ".join(held) or "bare weights"}.' + did_you_mean(entry, held)
        )
    state = dict(checkpoint[entry])
    if entry == weights and entry in ('student', 'teacher'):
        state = {_unprefixed(name): value for name, value in state.items()}
    elif entry == 'student':
        state = {name[_CUT:]: value for name, value in state.items()}
    return state, entry


def wrap(state: dict[str, Tensor], family: str) -> dict[str, Any]:
    """Put weights into the dictionary in which the official code, or ours, expects them (see :func:`convert_file`)."""
    if family in ('ours', 'ibot'):
        return {'state_dict': state}
    released = family == 'tec' and not any(name.startswith((*_TEC_PARTS, *_MAE_PARTS, 'norm.')) for name in state)
    return dict(state) if released else {'model': state}


def detect_family(state: Mapping[str, Any]) -> str | None:
    """Name the official family whose parameter names ``state`` has, or ``None`` for our own names.

    The families name the ViT body alike; what tells them apart are the other parts and, where there are none, the
    final norm (absent from released TEC files) and the cls row of the position embedding (zero in MAE).
    """
    if 'patch_embed.proj.weight' not in state:
        return None
    if any(name.startswith(_TEC_PARTS) for name in state):
        return 'tec'
    if 'masked_embed' in state:
        return 'ibot'
    if any(name.startswith(_MAE_PARTS) for name in state):
        return 'mae'
    if 'norm.weight' not in state:
        return 'tec'
    pos_embed = state.get('pos_embed')
    return 'ibot' if isinstance(pos_embed, Tensor) and bool(pos_embed[:, 0].any()) else 'mae'


def to_ours(state: Mapping[str, T], family: str) -> dict[str, T]:
    """Rename the official weights of ``family`` to ours (``backbone.``, ``neck.``, ``head.``).

    Raises:
        CheckpointError: A name that the family doesn't have.
    """
    return KEYMAPS[family].to_ours(state)


def to_official(state: Mapping[str, T], family: str) -> dict[str, T]:
    """Rename our weights to the official ones of ``family``.

    Raises:
        CheckpointError: A name that the family doesn't have.
    """
    return KEYMAPS[family].to_official(state)


@contextmanager
def about(source: str | Path) -> Iterator[None]:
    """Let every :class:`CheckpointError` raised inside begin with the name of the file."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f'"{source}": {error}') from error


def our_weights(checkpoint: Mapping[str, Any], source: str, weights: str | None = None) -> dict[str, Tensor]:
    """Take the weights out of a checkpoint of ours, of mmpretrain or of a known official family, under our names.

    Args:
        checkpoint: What the file holds.
        source: What the file is called in messages.
        weights: The entry to take, see :func:`unwrap`.

    Raises:
        CheckpointError: It holds no weights, or mixes names of several families.
    """
    with about(source):
        state = _weights(checkpoint, weights)
        family = detect_family(state)
        return to_ours(state, family) if family else state


def read_weights(path: str | Path, weights: str | None = None, map_location: Location = 'cpu') -> dict[str, Tensor]:
    """Read a file, local or behind an http(s) address, as :func:`our_weights`.

    Raises:
        CheckpointError: The file can't be read safely, holds no weights, or mixes names of several families.
    """
    return our_weights(read_checkpoint(path, map_location), str(path), weights)


def convert_file(
    source: str | Path, target: str | Path, *, to: str, family: str | None = None, weights: str | None = None
) -> list[str]:
    """Rewrite an official file with our names, or one of ours with official names.

    Args:
        source: File or http(s) address.
        target: New file; ``.safetensors`` holds the bare weights, any other suffix what the official code (or mmengine)
            reads: ``{'model': ...}`` for MAE and TEC, ``{'state_dict': ...}`` for iBOT and ours, bare for released TEC.
        to: ``'ours'`` or an official family.
        family: What ``source`` must be: ``'ours'`` or an official family; by default it is detected.
        weights: The entry to take, see :func:`unwrap`.

    Returns:
        The official names that have no counterpart and were left out.

    Raises:
        CheckpointError: The file can't be read safely, is of another family, or can't be expressed in family ``to``.
    """
    checkpoint = read_checkpoint(source)
    with about(source):
        state = _weights(checkpoint, weights)
        found = _family(state)
        if family not in (None, found):
            raise CheckpointError(f'it holds weights of family "{found}", not "{family}".')
        if (found == 'ours') == (to == 'ours'):
            raise CheckpointError(f'it holds weights of family "{found}"; one side of a conversion must be "ours".')
        renamed = to_ours(state, found) if to == 'ours' else to_official(state, to)
    if Path(target).suffix == '.safetensors':
        save_safetensors(target, renamed)
    else:
        save_torch(target, wrap(renamed, to))
    return KEYMAPS[found].without_counterpart(state) if to == 'ours' else []


def _weights(checkpoint: Mapping[str, Any], entry: str | None) -> dict[str, Tensor]:
    held = unwrap(checkpoint, entry)[0]
    state = {name.removeprefix('module.'): value for name, value in held.items() if isinstance(value, Tensor)}
    if not state:
        raise CheckpointError('it holds no weights.')
    return state


def _unprefixed(name: str) -> str:
    """A name of iBOT's student (in DDP) or teacher (in DDP only if it has BatchNorm) as the backbone calls it."""
    return name[_CUT:] if name.startswith('module.') else name.removeprefix('backbone.')


def _family(state: Mapping[str, Any]) -> str:
    family = detect_family(state) or ('ours' if any(name.startswith(_OURS) for name in state) else None)
    if family is None:
        raise CheckpointError(f'its names belong to no known family ({", ".join([*state][:4])}).')
    return family
