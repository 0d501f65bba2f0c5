"""Studies whose jobs are done in this process, which has imported torch already."""

import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest


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
