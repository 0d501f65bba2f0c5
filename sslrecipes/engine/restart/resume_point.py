"""Which checkpoint a run goes on from, and whether anything is left to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.checkpoint.files.run_schema import read_run_meta
from sslrecipes.checkpoint.files.sealing import seal_of
from sslrecipes.checkpoint.files.sources import is_address, local_file
from sslrecipes.checkpoint.files.store import CheckpointStore, words_of
from sslrecipes.distributed.control import from_main_process
from sslrecipes.engine.restart.fingerprint import differences
from sslrecipes.errors import CheckpointError
from sslrecipes.paths.owner import Owner

POLICY = (
    'The weights and the optimizer state are taken over; optimizer options and schedules are those of the new recipe, '
    "except that mmengine's own schedules and what they schedule go on as they were; "
    'the run goes on behind the images that were seen in this epoch, steps are counted in the new batches, and the '
    'learning rate is not rescaled.'
)


class FinishedRunError(Exception):
    """Nothing is left to do; the message says so."""


@dataclass
class ResumePoint:
    """Where a run goes on.

    Args:
        path: The checkpoint.
        meta: Its ``meta`` entry.
        notes: Sentences for the log: which files were passed over.
        ancestors: Path and digest of each checkpoint that a start of this run was told to go on from.
        changes: Differences of the fingerprints that were accepted.
    """

    path: Path
    meta: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    ancestors: list[list[str]] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def check(self, part: str, now: dict[str, str], accept: bool) -> None:
        """Compare a fingerprint with that of the checkpoint.

        Args:
            part: Entry of ``meta`` that has the table: ``STORED_AS`` or ``'dataset'``.
            now: The table of this run.
            accept: Whether differences are accepted, and only remembered.

        Raises:
            CheckpointError: If there are differences that nobody accepted, with all of them.
        """
        found = differences(self.meta[part], now)
        if found and not accept:
            raise CheckpointError(
                f'"{self.path}" was written under other circumstances:\n  '
                + '\n  '.join(found)
                + '\nRestore them, start anew in another --work-dir, or go on with --accept-changes. '
                + POLICY
            )
        self.changes += found

    def is_in(self, folder: str | Path) -> bool:
        """Whether the checkpoint is one of a folder."""
        return self.path.resolve().parent == Path(folder).resolve()


def find_resume_point(cfg: Config, work_dir: str) -> ResumePoint | None:
    """Choose the checkpoint to go on from: the newest undamaged one of the run.

    If the config names one, it is that, unless the run has gone on from it before: then it is the newest that came of
    it, for a job that is put back into the queue repeats its command. Collective: process 0 looks, the others follow.

    Returns:
        The point, or ``None`` if nothing has been saved yet.

    Raises:
        CheckpointError: The named checkpoint can't be used, or there are checkpoints but none of them can.
    """
    store, named = CheckpointStore(work_dir), cfg.get('load_from')
    return from_main_process(lambda: _named_point(named, store) if named else _newest_point(store))


def _newest_point(store: CheckpointStore) -> ResumePoint | None:
    metas: dict[Path, dict[str, Any]] = {}
    path, refused = store.newest_good(check=lambda path: metas.update({path: read_run_meta(path)}))
    if path is None and refused:
        raise CheckpointError(
            ' '.join(refused) + f' None of the checkpoints in "{store.folder}" can be used: remove them to start anew.'
        )
    if path is None:
        return None
    if refused:
        refused = [*refused, f'Going on from "{path}"; what was trained after it is lost and will be repeated.']
    return ResumePoint(path, metas[path], refused, metas[path].get('ancestors', []))


def _named_point(named: str, store: CheckpointStore) -> ResumePoint:
    place = named if is_address(named) else str(Path(named).resolve())
    is_there = is_address(named) or os.path.lexists(named)
    meta = read_run_meta(named) if is_there else {}
    known: list[list[str]] = meta.get('ancestors', [])
    digests = {digest for at, digest in known if at == place}  # it was written anew when changes were accepted
    if is_there:
        digests.add(seal_of(local_file(named)))
    found, notes = _newest(store, lambda at, digest: digest in digests if is_there else at == place)
    if found is None and not is_there:
        raise CheckpointError(f'There is no checkpoint "{named}".')
    if found is None or str(found.resolve()) == place:
        return ResumePoint(Path(named), meta, [], known if found else [*known, [place, seal_of(local_file(named))]])
    notes.append(
        f'The run has gone on from "{named}" before: it goes on from "{found}", the newest checkpoint that came of it. '
        f'To go back to "{named}", choose another --work-dir.'
    )
    meta = read_run_meta(found, sealed=False)
    return ResumePoint(found, meta, notes, meta['ancestors'])


def _newest(store: CheckpointStore, is_ancestor: Callable[[str, str], bool]) -> tuple[Path | None, list[str]]:
    """Find the newest undamaged checkpoint that came of a certain one, and what was passed over.

    Args:
        store: Where to look.
        is_ancestor: Tells by path and digest whether a checkpoint is that one.
    """
    notes: list[str] = []
    for path in reversed(store.checkpoints()):
        try:
            if any(is_ancestor(*known) for known in read_run_meta(path, sealed=False).get('ancestors', [])):
                read_run_meta(path)
                return path, notes
        except CheckpointError as error:
            notes.append(str(error))
    return None, notes


def told_as_over(point: ResumePoint, cfg: Config, work_dir: str, last: Owner | None) -> str:
    """Return a sentence if the run of a checkpoint has reached its end and nothing is left to do, else nothing.

    Args:
        point: The checkpoint.
        cfg: Config of the run.
        work_dir: Its folder.
        last: Owner of the folder before: it tells whether the last validation was done.
    """
    epoch, iteration = point.meta['epoch'], point.meta['iter']
    epochs, iterations = (cfg.train_cfg.get(key) for key in ('max_epochs', 'max_iters'))
    reached = epochs is not None and epoch >= epochs
    if iterations is not None and not point.changes:  # batches of another size would count otherwise
        reached = iteration >= iterations
    validated = cfg.get('val_cfg') is None or (
        last is not None and last.finished == (epoch, iteration) and point.is_in(work_dir)
    )
    if not (reached and validated):
        return ''
    end = f'max_epochs={epochs}' if iterations is None else f'max_iters={iterations}'
    return (
        f'The run in "{work_dir}" is finished, nothing is left to do: "{point.path}" is its state after '
        f'{words_of(epoch, iteration)}, and train_cfg.{end}. No file was changed.'
    )
