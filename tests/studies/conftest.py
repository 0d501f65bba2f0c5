"""Small studies and their jobs, which may be done in this process, for it has imported torch already."""

import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from fixtures.digit_study import write_small_study

from sslrecipes.studies.jobs import jobs_of
from sslrecipes.studies.reading import read_study

HOME = Path('out')


class _Ended:
    """A process that has ended."""

    pid = None

    def __init__(self, code):
        self._code = code

    def poll(self):
        return self._code


def run_here(command, log, environment):
    """Do what ``processes.start`` does, in this process."""
    before, sys.argv = sys.argv, list(command[1:])
    try:
        with log.open('a') as stream, redirect_stdout(stream), redirect_stderr(stream):
            runpy.run_path(command[1], run_name='__main__')
    except SystemExit as end:
        return _Ended(end.code)
    finally:
        sys.argv = before
    return _Ended(0)


@pytest.fixture(scope='session')
def here():
    """Function that lets studies do their jobs in this process, until its MonkeyPatch is undone."""

    def patch_start(patch):
        patch.setattr('sslrecipes.studies.running.start', run_here)
        patch.setattr('sslrecipes.studies.making.start', run_here)

    return patch_start


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Function that reads the small study with other entries, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    write_small_study(tmp_path)

    def read(seeds=None, **said):
        entries = ''.join(f'{key} = dict(_delete_=True, **{value!r})\n' for key, value in said.items())
        (tmp_path / 'other.py').write_text(f"_base_ = 'small.py'\n{entries}")
        return read_study('other.py', seeds)

    return read


@pytest.fixture
def jobs(study):
    """Function that lists the jobs of the small study with other entries, by name."""

    def listed(sets=None, seeds=None, **said):
        return {job.name: job for job in jobs_of(study(seeds, **said), HOME, sets)}

    return listed


@pytest.fixture
def finish():
    """Function that lets jobs look finished."""
    from sslrecipes.studies.identity import identity
    from sslrecipes.studies.records import DONE, Record, write_record

    def done(*jobs, status=DONE):
        for job in jobs:
            job.folder.mkdir(parents=True, exist_ok=True)
            job.product.write_text('{"knn/top1_k5": 50.0}')
            write_record(job.folder, Record(status, identity(job), 3.0))

    return done
