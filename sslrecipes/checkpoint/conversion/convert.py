"""From whatever a checkpoint file holds to weights under our names, and back to the official names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from sslrecipes.checkpoint.conversion.families import detect_family, nearest_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.layouts import unwrap, wrap
from sslrecipes.checkpoint.conversion.suffixes import check_suffix
from sslrecipes.checkpoint.conversion.wholeness import refuse_gaps
from sslrecipes.checkpoint.files.reading import Location, read_checkpoint
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.errors import CheckpointError
from sslrecipes.paths.overwriting import refuse_overwriting

T = TypeVar('T')


class Conversion(NamedTuple):
    """What a conversion has to tell.

    Attributes:
        left_out: What has no counterpart, mostly names.
        notes: Further sentences: what the new file was compared with, how to load it.
    """

    left_out: list[str]
    notes: tuple[str, ...] = ()


_SHOWN = 4
_OURS = ('backbone.', 'neck.', 'head.')
#: Families whose files tell the number of heads: that of MoCo v3's ViT-S is not that of other ViTs of its width.
_TELLING_HEADS = ('ours', 'moco-v3-vit')


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
        state = held_weights(checkpoint, weights)
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
            reads, see :func:`wrap`.
        to: ``'ours'`` or an official family.
        family: What ``source`` must be: ``'ours'`` or an official family; by default it is detected. Backbone files of
            DINO look like others' and have to be called ``'dino'``.
        weights: The entry to take, see :func:`unwrap`.

    Returns:
        What has no counterpart and was left out, mostly names.

    Raises:
        CheckpointError: The file can't be read safely, is of another family or not whole, or can't be expressed in
            family ``to``.
            A pre-training of MAE-priv becomes one of MAE by :mod:`sslrecipes.export.official_mae`.
        ConfigError: The suffix of ``target`` is that of another format.
        StorageError: ``target`` is ``source`` itself, or can't be written.
    """
    refuse_overwriting([source], target)
    check_suffix(target, 'conversion')
    return convert_held(read_checkpoint(source), source, target, to=to, family=family, weights=weights)


def convert_held(
    checkpoint: Mapping[str, Any],
    source: str | Path,
    target: str | Path,
    *,
    to: str,
    family: str | None = None,
    weights: str | None = None,
) -> list[str]:
    """:func:`convert_file` of what was read from ``source``."""
    with about(source):
        state = held_weights(checkpoint, weights)
        found = _family(state, family)
        if (found == 'ours') == (to == 'ours'):
            names = f'choose the new names with --to FAMILY ({", ".join(KEYMAPS)})'
            mend = names if to == 'ours' else 'leave out --to, or convert it to "ours" first'
            raise CheckpointError(
                f'it holds weights of family "{found}"; one side of a conversion must be "ours": {mend}.'
            )
        if to in KEYMAPS and (reason := KEYMAPS[to].misfit(state)):
            raise CheckpointError(reason)
        renamed = to_ours(state, found) if to == 'ours' else to_official(state, to)
        if to == 'ours':
            refuse_gaps(renamed, KEYMAPS[found].biases)
        else:
            refuse_gaps(KEYMAPS[to].kept(state), KEYMAPS[to].biases)
    heads = facts_of(meta_of(checkpoint)).heads if to in _TELLING_HEADS else 0
    save_converted(target, renamed, to, heads=heads)
    return KEYMAPS[found].without_counterpart(state) if to == 'ours' else KEYMAPS[to].only_ours(state)


def save_converted(
    target: str | Path, state: dict[str, Tensor], family: str, suffix: str | None = None, heads: int = 0
) -> None:
    """Write weights that have the names of ``family`` (or ``'ours'``), see :func:`convert_file`.

    Args:
        target: New file.
        state: Weights.
        family: Whose names they have.
        suffix: That of the file to be, if ``target`` is a temporary one.
        heads: Attention heads of a ViT whose file tells their number; the new one then tells it, too.
    """
    meta = {'heads': str(heads)} if heads else {}
    if (suffix or Path(target).suffix) == '.safetensors':
        save_safetensors(target, state, meta)
    else:
        save_torch(target, {**wrap(state, family), **({'meta': meta} if meta else {})})


def held_weights(checkpoint: Mapping[str, Any], entry: str | None = None) -> dict[str, Tensor]:
    """Take the weights out of a checkpoint under the names they have there; ``entry`` as in :func:`unwrap`.

    Raises:
        CheckpointError: It holds no weights.
    """
    held = unwrap(checkpoint, entry)[0]
    state = {name.removeprefix('module.'): value for name, value in held.items() if isinstance(value, Tensor)}
    if not state:
        raise CheckpointError('it holds no weights.')
    return state


def _family(state: Mapping[str, Any], said: str | None) -> str:
    """The family of weights: what the user said if it has all their names, for they can look alike."""
    found = detect_family(state, to_convert=True) or ('ours' if any(name.startswith(_OURS) for name in state) else None)
    if said in KEYMAPS and said != found and KEYMAPS[said].knows(state):
        return said
    if found in (None, 'ours') and (nearest := nearest_family(state)):
        nearest.refuse_unknown(state)
    if found is None:
        raise CheckpointError(f'its names belong to no known family ({", ".join([*state][:4])}).{_advice(state)}')
    if said not in (None, found):
        unknown = KEYMAPS[said].unknown(state) if said in KEYMAPS else []
        lacks = f', which has no {", ".join(unknown)}' if 0 < len(unknown) < _SHOWN else ''
        raise CheckpointError(f'it holds weights of family "{found}", not "{said}"{lacks}.')
    return found


def _advice(state: Mapping[str, Any]) -> str:
    """Which families weights could be of that nothing marks, or which one has all but a few of their names."""
    unknown = {name: keymap.unknown(state) for name, keymap in KEYMAPS.items()}
    if could_be := ' or '.join(f'--from {name}' for name, names in unknown.items() if not names):
        return f' They could be those of several: say {could_be}.'
    nearest = min(unknown, key=lambda name: len(unknown[name]))
    if len(unknown[nearest]) > min(_SHOWN, len(state) // 2):
        return ''
    return f' Family "{nearest}" has all of them but {", ".join(unknown[nearest])}.'
