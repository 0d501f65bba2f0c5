"""What a tool needs before it starts, as far as that can be told without torch."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mmengine.config import Config

from sslrecipes.errors import CheckpointError, ConfigError, StorageError
from sslrecipes.paths.user_paths import printable

#: Bytes that the names of a run's files have below its work dir.
ROOM_BELOW = 200


def work_dir_of(cfg: Config, given: str | None = None) -> Path:
    """Folder of a run: the one given, else the config's, else ``work_dirs/<config name>``.

    Raises:
        StorageError: If it is a file, can't be made or written to, or has a name that no folder of a run can have.
    """
    folder = Path(given or cfg.get('work_dir') or Path('work_dirs') / Path(cfg.filename).stem)
    places = () if given or not cfg.get('work_dir') else ('work_dir',)
    there = folder.absolute()
    if reason := _unnameable(there):
        raise StorageError(f'The work dir "{printable(folder)}" can not be made: {reason}.', *places)
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        raise StorageError(f'The work dir "{folder}" can not be made: "{there}" is a file.', *places)
    if not os.access(there, os.W_OK | os.X_OK):
        raise StorageError(f'The work dir "{folder}" can not be written: no permission for "{there}".', *places)
    return folder


def _unnameable(folder: Path) -> str | None:
    """Say why no file system can have a folder of this name, and a run's files below it."""
    try:
        names = [os.fsencode(name) for name in folder.parts]
    except UnicodeEncodeError:
        return 'its name has a character that names of files can not have'
    longest, deepest = os.pathconf('/', 'PC_NAME_MAX'), os.pathconf('/', 'PC_PATH_MAX')
    if any(b'\0' in name for name in names):
        return 'its name has a null character'
    if any(len(name) > longest for name in names):
        return f'a name is {max(map(len, names))} bytes long, of at most {longest}'
    if printable(folder) != str(folder):
        return 'its name is not UTF-8 or not of one line, and TensorBoard writes to no such folder'
    too_deep = len(os.fsencode(folder)) + ROOM_BELOW > deepest
    return f'its path is too long, for the files in it have {deepest} bytes at most' if too_deep else None


def check_trains(cfg: Config) -> None:
    """Check that the config trains.

    Raises:
        ConfigError: If it only evaluates.
    """
    if not cfg.get('train_cfg'):
        raise ConfigError(f'"{cfg.filename}" has no train_cfg: use tools/test.py, or give a config that trains.')


def check_evaluates(cfg: Config, checkpoint: str | None = None) -> None:
    """Check that the config evaluates, and evaluates something that was trained.

    A config without ``train_cfg`` evaluates what its model loads itself, or random features on purpose. One that
    trains has parts that only a checkpoint can fill, such as a classifier.

    Raises:
        ConfigError: If it has no ``test_dataloader``.
        CheckpointError: If it trains and no checkpoint is given, or that file isn't there.
    """
    if not cfg.get('test_dataloader'):
        raise ConfigError(f'"{cfg.filename}" has no test_dataloader: give a config that evaluates.')
    weights = checkpoint or cfg.get('load_from')
    if weights is None and cfg.get('train_cfg'):
        raise CheckpointError(
            f'"{cfg.filename}" trains the model that it evaluates: give its CHECKPOINT, for the scores of an untrained '
            'head mean nothing.'
        )
    if weights:
        check_weights(weights, *([] if checkpoint else ['load_from']))


def check_weights(weights: str, *places: str) -> None:
    """Check that the file of a checkpoint is there, unless it is an address.

    Raises:
        CheckpointError: If it isn't; the error names ``places``.
    """
    if '://' in weights or Path(weights).is_file():
        return
    if Path(weights).exists():
        raise CheckpointError(f'"{weights}" is no regular file.', *places)
    raise CheckpointError(f'There is no checkpoint "{weights}".', *places)


def check_places(places: Iterable[str | Path]) -> None:
    """Check that checkpoints, or folders of them, are there.

    Raises:
        CheckpointError: If one isn't.
    """
    for place in places:
        if not Path(place).exists():
            raise CheckpointError(f'There is no checkpoint or folder "{place}".')
