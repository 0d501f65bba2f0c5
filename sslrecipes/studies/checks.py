"""What would stop a study in the middle, found before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sslrecipes.commands.launch import check_cfg
from sslrecipes.config.preconditions import work_dir_of
from sslrecipes.engine.restart.fingerprint import flatten
from sslrecipes.errors import CheckpointError, DataError, StorageError, UserError
from sslrecipes.paths.ownership import check_unowned
from sslrecipes.studies.costs import Cost
from sslrecipes.studies.jobs import ARGUMENT, Job
from sslrecipes.studies.plan import needed_bytes
from sslrecipes.studies.states import FINISHED, NEW, State, holds_a_run


def check_jobs(
    jobs: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost], home: Path
) -> Iterator[str]:
    """Check what the starts of all jobs that are left would refuse, as far as it can be known before any of them.

    Yields:
        What is odd, but may be meant.

    Raises:
        UserError: The first mistake found, in one sentence.
    """
    left = [job for job in jobs if states[job.name].word != FINISHED]
    for job in left:
        _check_weights(job, states)
        check_unowned(job.folder)
        _check_place(job, states[job.name])
    _check_room(left, states, costs, home)
    alike: dict[str, Job] = {}  # seeds share their data and components
    for job in left:
        alike.setdefault(_kind(job), job)
    for job in alike.values():
        try:
            work_dir_of(job.cfg, str(job.folder))
            made = {str(before.checkpoint) for before in job.before}
            remarks = check_cfg(job.cfg, 'train' if job.trains else 'test', made.__contains__)
        except UserError as error:
            raise type(error)(f'{job.name}: {error}', *error.places) from error
        yield from (f'{job.name}: {remark.text}' for remark in remarks)


def _kind(job: Job) -> str:
    """A job's config, less what nothing here depends on."""
    beside = ('randomness', *job.weights)
    return repr([(place, value) for place, value in flatten(job.cfg.to_dict()) if not place.startswith(beside)])


def _check_weights(job: Job, states: Mapping[str, State]) -> None:
    """Check that what a job starts from is there, or will be made."""
    for place, source in job.weights.items():
        if isinstance(source, str) and not Path(source).is_file():
            where = 'as the checkpoint' if place == ARGUMENT else f'in {place}'
            raise CheckpointError(f'{job.name} needs "{source}" {where}: there is no such file.')
    for before in job.before:
        if states[before.name].word == FINISHED and not before.checkpoint.is_file():
            raise CheckpointError(
                f'{job.name} needs "{before.checkpoint}", but {before.name}, which is finished, has no such file any '
                f'more: bring it back, or remove "{before.folder}" to train it again.'
            )


def _check_place(job: Job, state: State) -> None:
    """Check that what would be set aside for a job is a run, not something that only happens to be there."""
    if state.word == NEW and state.why and not holds_a_run(job.folder):
        raise DataError(f'{job.name}: {state.why[0]}.')


def _check_room(left: Sequence[Job], states: Mapping[str, State], costs: Mapping[str, Cost], home: Path) -> None:
    free, needed = shutil.disk_usage(home).free, needed_bytes(left, states, costs)
    if needed > free:
        raise StorageError(
            f'The checkpoints of the study take about {needed / 1e9:.1f} GB, but "{home}" has only '
            f'{free / 1e9:.1f} GB left: make room, or choose another --work-dir.'
        )
