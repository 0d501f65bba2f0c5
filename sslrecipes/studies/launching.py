"""How the jobs of a study are started: the tools' own command lines, here or on a cluster."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sslrecipes.studies.jobs import ARGUMENT, METRICS, TRANSFER, Job
from sslrecipes.studies.recipes import HOME, shown

#: Log of a job, in its folder.
LOG = 'console.log'


@dataclass(frozen=True)
class Launch:
    """How jobs are started.

    Attributes:
        launcher: ``'none'``, ``'pytorch'`` (``tools/dist_train.sh``) or ``'slurm'`` (``tools/slurm_train.sh``).
        gpus: Processes of a training.
        partition: Of Slurm.
        accept_changes: Whether broken trainings go on although code or libraries have changed.
    """

    launcher: str = 'none'
    gpus: int = 1
    partition: str = 'PARTITION'
    accept_changes: bool = False


def command(job: Job, launch: Launch) -> list[str]:
    """The command line that does a job, or goes on with it."""
    arguments = _arguments(job, launch)
    folder = ['--work-dir', str(job.folder)]
    if launch.launcher == 'slurm' and job.trains:
        name = job.name.replace('/', '.')
        return ['bash', tool('slurm_train.sh'), launch.partition, name, str(job.recipe), str(job.folder), *arguments]
    given = [str(job.recipe), *_checkpoint(job)]
    if launch.launcher == 'pytorch' and (job.trains or len(given) > 1):
        script = 'dist_train.sh' if job.trains else 'dist_test.sh'
        return ['bash', tool(script), *given, str(launch.gpus), *folder, *arguments]
    return [sys.executable, tool('train.py' if job.trains else 'test.py'), *given, *folder, *arguments]


def tool(name: str) -> str:
    """Path of a tool, as a user would type it here."""
    return str(shown(HOME / 'tools' / name))


def _arguments(job: Job, launch: Launch) -> list[str]:
    overrides = [f'{key}={text}' for key, text in job.overrides.items()]
    options = ['--cfg-options', *overrides] if overrides else []
    if not job.trains:
        return ['--out', str(job.folder / METRICS), '--no-untrained', *options]  # which is a job of its own
    proof = ['--verify'] if job.weights.get(TRANSFER) else []
    return ['--resume', *(['--accept-changes'] if launch.accept_changes else []), *proof, *options]


def _checkpoint(job: Job) -> list[str]:
    source = job.weights.get(ARGUMENT)
    return [] if source is None else [str(source.checkpoint if isinstance(source, Job) else source)]


def last_words(text: str) -> str:
    """What a log says last: its last error, else its last line."""
    lines: Sequence[str] = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix('error: ') for line in lines if 'error: ' in line or 'Error: ' in line]
    return (errors or lines or ['it ended without a word'])[-1]
