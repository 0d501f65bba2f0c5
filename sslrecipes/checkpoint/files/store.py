"""The checkpoints in a run's folder: their names and order, the newest good one, and which may go."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from sslrecipes.checkpoint.files.room import check_room
from sslrecipes.checkpoint.files.sealing import verify
from sslrecipes.checkpoint.files.superseded import set_aside
from sslrecipes.checkpoint.files.writing import TEMPORARY, save_torch, write_atomic
from sslrecipes.errors import CheckpointError, counted

_NAME = re.compile(r'epoch_(?P<epoch>\d+)(_iter_(?P<iter>\d+))?\.pth|iter_(?P<only_iter>\d+)\.pth')
_POINTER = 'last_checkpoint'


class CheckpointStore:
    """The checkpoints of one run.

    ``epoch_3.pth`` was written after 3 whole epochs, ``epoch_3_iter_1234.pth`` within the fourth, after 1234
    micro-batches in all, ``iter_1234.pth`` in a run that counts no epochs.

    Args:
        folder: The run's folder; it need not exist yet.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).expanduser()

    def path(self, epoch: int, iteration: int | None = None, by_epoch: bool = True) -> Path:
        """Return where the checkpoint of a position belongs.

        Args:
            epoch: Whole epochs done.
            iteration: Micro-batches done in all, within an epoch.
            by_epoch: Whether the run counts epochs.
        """
        parts = [f'epoch_{epoch}'] if by_epoch else []
        if iteration is not None:
            parts.append(f'iter_{iteration}')
        return self.folder / f'{"_".join(parts)}.pth'

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints from the oldest to the newest, good or bad."""
        found = [(position, path) for path in self._files() if (position := position_of(path))]
        return [path for _, path in sorted(found)]

    def newest_good(self, check: Callable[[Path], object] = verify) -> tuple[Path | None, list[str]]:
        """Find the newest checkpoint that agrees with its digest.

        Args:
            check: Raises a :class:`CheckpointError` for a file that can't be used.

        Returns:
            The file, or ``None``, and for each newer one the sentence why it can't be used.
        """
        refused: list[str] = []
        for path in reversed(self.checkpoints()):
            try:
                check(path)
            except CheckpointError as error:
                refused.append(str(error))
            else:
                return path, refused
        return None, refused

    def prune(self, keep_last: int, keep_every: int = 0, keep: Collection[str] = ()) -> list[Path]:
        """Delete old checkpoints, but none as long as the newest doesn't agree with its digest.

        Args:
            keep_last: How many of the newest are kept, at least 1.
            keep_every: Epochs between checkpoints that are kept for good; 0 for none.
            keep: Names of further files to keep, such as the best.

        Returns:
            The deleted files. What could not be deleted is told in the log.
        """
        assert keep_last > 0, 'the newest checkpoint is always kept'
        everything = self.checkpoints()
        superfluous = [
            path for path in everything[:-keep_last] if path.name not in keep and not _is_milestone(path, keep_every)
        ]
        deleted: list[Path] = []
        try:
            if superfluous:
                verify(everything[-1])
            for path in superfluous:
                path.unlink(missing_ok=True)
                deleted.append(path)
        except (CheckpointError, OSError) as error:
            print_log(f'Old checkpoints were not deleted: {error}', logger='current', level=logging.WARNING)
        return deleted

    def save(self, path: str | Path, checkpoint: Mapping[str, Any]) -> Path:
        """Write a checkpoint and note it as the last one.

        Raises:
            StorageError: It can't be written.
        """
        written = save_torch(path, checkpoint)
        self.point_to(written)
        return written

    def point_to(self, path: Path) -> None:
        """Note a checkpoint as the last one where MMEngine's ``find_latest_checkpoint`` looks it up.

        Raises:
            StorageError: The note can't be written.
        """
        write_atomic(self.folder / _POINTER, lambda file: file.write_bytes(os.fsencode(path)))

    def set_aside(self, after: tuple[int, int] | None = None) -> list[Path]:
        """Rename the checkpoints behind a position: they aren't of the run that goes on from there.

        Args:
            after: Whole epochs done, and micro-batches done in all, -1 between epochs; without it, all of them.

        Returns:
            Their new names, free ones of ``*.superseded``, ``*.superseded-2``, ...

        Raises:
            StorageError: One can't be renamed.
        """
        others = [path for path in self.checkpoints() if after is None or (position_of(path) or after) > after]
        return [aside for path in others if (aside := set_aside(path))]

    def remove_debris(self) -> list[Path]:
        """Delete the temporary files of writers that were killed; to be called before this process writes here.

        Returns:
            The deleted files.
        """
        debris = [path for path in self._files() if (name := TEMPORARY.fullmatch(path.name)) and _is_gone(int(name[2]))]
        for path in debris:
            with suppress(OSError):
                path.unlink()
        return debris

    def check_space(self, bytes_needed: int) -> None:
        """Check that a checkpoint of some size could be stored.

        Raises:
            StorageError: There is too little space, files of that size aren't allowed, or the folder is read-only.
        """
        probe = write_atomic(self.folder / '.probe', lambda file: file.write_bytes(b'0'))
        probe.unlink(missing_ok=True)
        check_room(self.folder, bytes_needed, 'A checkpoint of this run')

    def _files(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []


def position_of(path: Path) -> tuple[int, int] | None:
    """Return whole epochs and micro-batches (-1: not told) by a checkpoint's name, ``None`` if it is no such name."""
    name = _NAME.fullmatch(path.name)
    return (int(name['epoch'] or 0), int(name['iter'] or name['only_iter'] or -1)) if name else None


def words_of(epoch: int, iteration: int) -> str:
    """Put a position into words: ``1 epoch and 312 iterations``."""
    return f'{counted(epoch, "epoch")} and {counted(iteration, "iteration")}'


def _is_milestone(path: Path, every: int) -> bool:
    epoch, iteration = position_of(path) or (0, 0)
    return every > 0 and iteration < 0 and epoch % every == 0


def _is_gone(process: int) -> bool:
    """Whether a process writes no more; this one has not begun to."""
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
