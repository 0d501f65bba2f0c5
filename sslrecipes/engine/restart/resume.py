"""Entering a run at the position where a checkpoint left it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.run_schema import check_run
from sslrecipes.checkpoint.files.store import words_of
from sslrecipes.engine.restart.fingerprint import dataset_facts
from sslrecipes.engine.restart.optimizer_state import check_optimizer_state
from sslrecipes.engine.restart.resume_point import POLICY, ResumePoint
from sslrecipes.engine.restart.state import recursive_schedules, restore_schedules, restore_state, unpack_message_hub
from sslrecipes.errors import CheckpointError, UserError


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
    check_run(checkpoint, str(point.path))
    runner.call_hook('after_load_checkpoint', checkpoint=checkpoint)
    scheduled = {'params', *(schedule.param_name for schedule in recursive_schedules(runner))}
    options = [
        {key: value for key, value in group.items() if key not in scheduled}
        for group in runner.optim_wrapper.param_groups
    ]
    epoch, iteration = point.meta['epoch'], point.meta['iter']
    with told_if_unfit(point):
        restore_state(runner, checkpoint, str(point.path))
        check_optimizer_state(runner.optim_wrapper.optimizer, options)
        unpack_message_hub(runner.message_hub, checkpoint['message_hub'])
        if point.changes:
            for group, option in zip(runner.optim_wrapper.param_groups, options, strict=True):
                group.update(option)
            iteration = translated(runner, point.meta)
        restore_schedules(runner, checkpoint['param_schedulers'], iteration)
    runner.train_loop.enter(epoch, iteration)
    for sentence in (*point.notes, *_policy(point)):
        runner.logger.warning(sentence)
    runner.logger.info(f'Resumed from "{point.path}" after {words_of(epoch, iteration)}.')


@contextmanager
def told_if_unfit(point: ResumePoint) -> Iterator[None]:
    """Turn what parts raise that are given a state they can't take into one sentence.

    Raises:
        CheckpointError: Instead of such an error, which is its cause.
    """
    try:
        yield
    except (UserError, torch.OutOfMemoryError):
        raise
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError, AssertionError) as error:
        reason = str(error).strip().split('\n')[0] or type(error).__name__
        raise CheckpointError(f'What "{point.path}" holds does not fit the recipe: {reason}.') from error


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
