"""Going on with a run: which checkpoint, under which circumstances, from which position."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process

from sslrecipes.checkpoint.reading import read_checkpoint, read_meta
from sslrecipes.checkpoint.store import CheckpointStore
from sslrecipes.engine.circumstances import dataset_facts, differences
from sslrecipes.engine.restart import recursive_schedules, restore_schedules, restore_state, unpack_message_hub
from sslrecipes.errors import CheckpointError

POLICY = (
    'The weights and the optimizer state are taken over; optimizer options and schedules are those of the new recipe, '
    "except that mmengine's own schedules and what they schedule go on as they were; "
    'the run goes on behind the images that were seen in this epoch, steps are counted in the new batches, and the '
    'learning rate is not rescaled.'
)


@dataclass
class ResumePoint:
    """Where a run goes on.

    Args:
        path: The checkpoint.
        meta: Its ``meta`` entry.
        notes: Sentences for the log: which files were passed over.
        changes: Differences of the circumstances that were accepted.
    """

    path: Path
    meta: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def check(self, part: str, now: dict[str, str], accept: bool) -> None:
        """Compare circumstances with those of the checkpoint.

        Args:
            part: Entry of ``meta`` that has the table: ``'circumstances'`` or ``'dataset'``.
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


def find_resume_point(cfg: Config, work_dir: str) -> ResumePoint | None:
    """Choose the checkpoint to go on from: the one that the config names, else the newest undamaged one.

    Collective: process 0 looks, the others follow it.

    Returns:
        The point, or ``None`` if nothing has been saved yet.

    Raises:
        CheckpointError: The named checkpoint can't be used, or there are checkpoints but every one is damaged.
    """
    answer: list[Any] = [None, [], None]
    if is_main_process():
        try:
            answer[:2] = _choose(cfg.get('load_from'), CheckpointStore(work_dir))
        except CheckpointError as error:
            answer[2] = str(error)
    broadcast_object_list(answer)
    path, notes, complaint = answer
    if complaint:
        raise CheckpointError(complaint)
    if not path:
        return None
    meta = read_meta(path)
    if 'circumstances' not in meta:
        raise CheckpointError(f'"{path}" holds no run to go on with: to begin with its weights, give it as load_from.')
    return ResumePoint(Path(path), meta, notes)


def _choose(named: str | None, store: CheckpointStore) -> tuple[str | None, list[str]]:
    store.remove_debris()
    if named:
        read_meta(named, sealed=True)
        return named, []
    path, refused = store.newest_good()
    if path is None and refused:
        raise CheckpointError(
            ' '.join(refused) + f' None of the checkpoints in "{store.folder}" can be used: remove them to start anew.'
        )
    if path and refused:
        refused = [*refused, f'Going on from "{path}"; what was trained after it is lost and will be repeated.']
    return str(path) if path else None, refused


def enter(runner: Any, point: ResumePoint) -> None:
    """Put a built runner where the checkpoint left its run.

    Raises:
        CheckpointError: If the checkpoint is damaged, of another model or optimizer, or of another data set.
    """
    point.check('dataset', dataset_facts(runner.train_dataloader.dataset), runner.cfg.get('accept_changes', False))
    if any(change.startswith('optim_wrapper.optimizer.type: ') for change in point.changes):
        raise CheckpointError(
            f'The state in "{point.path}" is of another optimizer: begin with its weights in another --work-dir '
            f'(load_from) instead.'
        )
    checkpoint = read_checkpoint(point.path, sealed=True)
    runner.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    scheduled = {'params', *(schedule.param_name for schedule in recursive_schedules(runner))}
    options = [
        {key: value for key, value in group.items() if key not in scheduled}
        for group in runner.optim_wrapper.param_groups
    ]
    restore_state(runner, checkpoint, str(point.path))
    unpack_message_hub(runner.message_hub, checkpoint['message_hub'])
    epoch, iteration = point.meta['epoch'], point.meta['iter']
    if point.changes:
        for group, option in zip(runner.optim_wrapper.param_groups, options, strict=True):
            group.update(option)
        iteration = translated(runner, point.meta)
    restore_schedules(runner, checkpoint['param_schedulers'], iteration)
    runner.train_loop.enter(epoch, iteration)
    for sentence in (*point.notes, *_policy(point)):
        runner.logger.warning(sentence)
    runner.logger.info(f'Resumed from "{point.path}" after {epoch} epochs and {iteration} iterations.')


def translated(runner: Any, meta: dict[str, Any]) -> int:
    """Count the micro-batches done in those of this run: whole epochs, and in the last one as many images."""
    loop = runner.train_loop
    images = (meta['iter'] - meta['epoch'] * meta['batches_per_epoch']) * meta['images_per_batch']
    batches = images // runner.images_per_batch
    batches -= batches % runner.accumulative_counts
    return int(meta['epoch'] * len(loop.dataloader) + min(batches, len(loop.dataloader)))


def _policy(point: ResumePoint) -> list[str]:
    if not point.changes:
        return []
    return ['Going on under other circumstances, as accepted:\n  ' + '\n  '.join(point.changes), POLICY]
