"""Official checkpoints under our names, and ours under official ones: what ``tools/convert_checkpoint.py`` does."""

from __future__ import annotations

from collections.abc import Iterable

from sslrecipes.checkpoint.conversion.convert import Conversion, convert_file
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.export.official_mae import convert_from_mae, convert_to_mae

_SHOWN = 8


def convert_checkpoint(
    source: str,
    target: str,
    *,
    family: str | None = None,
    to: str = 'ours',
    weights: str | None = None,
    channel_first: bool = False,
) -> None:
    """Convert one file and print what was left out.

    Args:
        source: File or address.
        target: New file.
        family: What the source must be; by default it is detected.
        to: Whose names the new file has.
        weights: Entry or network of the source to take.
        channel_first: Make a pre-training of MAE one of MAEPriv, in its order of pixels.

    Raises:
        ConfigError: Options that exclude each other, or an unknown family.
        CheckpointError: The file can't be read safely, is of another family, or can't be expressed in the other one.
        StorageError: ``target`` is the source, or can't be written.
    """
    for name in filter(None, (family, to)):
        _check_family(name)
    if not channel_first:
        done = _converted(source, target, family, to, weights)
    elif to != 'ours' or family not in (None, 'mae'):
        raise ConfigError('--channel-first is for files of family mae that become ours.')
    else:
        done = convert_from_mae(source, target, weights=weights)
    print(f'Wrote {target}.' + (f' Left out: {_by_part(done.left_out)}.' if done.left_out else ''))
    print(*done.notes, sep='\n', end='\n' if done.notes else '')


def _by_part(names: Iterable[str]) -> str:
    """List names; many of one part only with their number."""
    parts: dict[str, list[str]] = {}
    for name in names:
        parts.setdefault(name.split('.')[0], []).append(name)
    return ', '.join(
        f'{part}.* ({len(held)})' if len(held) > _SHOWN else ', '.join(held) for part, held in parts.items()
    )


def _check_family(name: str) -> None:
    families = ('ours', *KEYMAPS)
    if name not in families:
        raise ConfigError(f'There is no family "{name}", but {", ".join(families)}.{did_you_mean(name, families)}')


def _converted(source: str, target: str, family: str | None, to: str, weights: str | None) -> Conversion:
    if to == 'mae':  # which takes both orders of pixels
        return convert_to_mae(source, target, family=family, weights=weights)
    return Conversion(convert_file(source, target, to=to, family=family, weights=weights))
