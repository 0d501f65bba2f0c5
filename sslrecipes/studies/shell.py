"""The plan of a study as a shell script, for clusters and for people who like to see what is run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from sslrecipes.studies.jobs import Job
from sslrecipes.studies.launching import Launch, command
from sslrecipes.studies.study import Study

_PYTHON = 'python'


def shell_script(study: Study, jobs: Sequence[Job], launch: Launch, argv: Sequence[str]) -> str:
    """Write the commands of all jobs, each behind those that it needs, and last the one that reports.

    With ``launch.launcher='slurm'`` each is a batch job that depends on those before. A stage that has been finished is
    not trained again by its command, and the last command takes over what was run by the others.

    Args:
        study: What it is.
        jobs: What to do.
        launch: How.
        argv: The command line of ``tools/run_study.py``.
    """
    return '\n'.join(_lines(study, jobs, launch, argv))


def _lines(study: Study, jobs: Sequence[Job], launch: Launch, argv: Sequence[str]) -> Iterator[str]:
    yield '#!/usr/bin/env bash'
    yield f'# {" ".join(study.title.split())}'
    yield 'set -euo pipefail'
    yield f'cd {shlex.quote(str(Path.cwd()))}'
    for number, job in enumerate(jobs):
        yield f'\n# {job.name}'
        yield from (
            _batch_job(number, job, jobs, launch) if launch.launcher == 'slurm' else [_line(command(job, launch))]
        )
    last = _line([_PYTHON, *(word for word in argv if word != '--print-commands'), '--report-only'])
    yield '\n# the table and the report'
    if launch.launcher == 'slurm':
        needed = ':'.join(f'$job_{number}' for number in range(len(jobs)))
        yield f'sbatch --partition {launch.partition} --dependency "afterany:{needed}" --wrap {shlex.quote(last)}'
    else:
        yield last


def _batch_job(number: int, job: Job, jobs: Sequence[Job], launch: Launch) -> Iterator[str]:
    needs = [f'$job_{jobs.index(before)}' for before in job.before if before in jobs]
    words = ['sbatch', '--parsable', '--partition', launch.partition, '--job-name', job.name.replace('/', '.')]
    if job.trains:
        words += ['--gres', f'gpu:{launch.gpus}', '--ntasks', str(launch.gpus), '--requeue', '--signal=USR1@120']
    else:
        words += ['--gres', 'gpu:1', '--ntasks', '1']
    words += ['--open-mode=append', '--wrap', _prefix(job, launch) + _line(command(job, launch))]
    depends = f' --dependency "afterok:{":".join(needs)}"' if needs else ''
    yield f'job_{number}=$({_line(words[:1])}{depends} {_line(words[1:])})'


def _prefix(job: Job, launch: Launch) -> str:
    return f'GPUS={launch.gpus} ' if job.trains else 'srun '


def _line(words: Sequence[str]) -> str:
    first = _PYTHON if words[0].endswith(('python', 'python3')) or 'python3.' in words[0] else words[0]
    return shlex.join([first, *words[1:]])
