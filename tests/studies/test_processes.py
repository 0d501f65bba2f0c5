import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sslrecipes.studies import processes

#: A study of one job: it says who the job is, and waits to be killed.
STUDY = """
import signal, sys
from pathlib import Path
from sslrecipes.studies import processes
processes._WARM = []
if __name__ == '__main__':
    process = processes.start({command!r}, Path('log'), {{'GIVEN': 'word'}})
    print(process.pid, flush=True)
    signal.pause()
"""
JOB = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print('asked', flush=True), sys.exit(143)))
print(os.environ['GIVEN'], flush=True)
os.write(int(os.open(sys.argv[1], os.O_WRONLY)), b'ready')
while True:
    signal.pause()
"""
KINDS = {
    'tool': [sys.executable, 'job.py', 'pipe'],
    'script': ['bash', '-c', f'exec {sys.executable} job.py pipe'],
}
SECONDS = 60


class Killed:
    """A study in a process group of its own, and its job."""

    def __init__(self, folder, kind):
        (folder / 'job.py').write_text(JOB)
        (folder / 'study.py').write_text(STUDY.format(command=KINDS[kind]))
        os.mkfifo(folder / 'pipe')
        self._pipe = os.open(folder / 'pipe', os.O_RDONLY | os.O_NONBLOCK)
        self.study = subprocess.Popen(
            [sys.executable, 'study.py'], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.job = int(self.study.stdout.readline())
        assert self._wait() == b'ready'

    def _wait(self):
        """What the job writes; nothing if it has ended, for then nobody holds the pipe any more."""
        readable, _, _ = select.select([self._pipe], [], [], SECONDS)
        assert readable, 'the job goes on'
        return os.read(self._pipe, 5)

    def job_ends(self):
        return self._wait() == b''


@pytest.mark.parametrize('kind', KINDS)
def test_a_job_ends_with_the_study_that_is_killed(tmp_path, kind):
    killed = Killed(tmp_path, kind)
    killed.study.kill()
    assert killed.job_ends()
    assert (tmp_path / 'log').read_text().splitlines() == ['word'] + ['asked'] * (kind == 'script')


def test_a_request_to_the_whole_group_leaves_jobs_the_time_to_end(tmp_path):
    killed = Killed(tmp_path, 'tool')
    os.kill(killed.study.pid, signal.SIGSTOP)  # it can't answer at once
    os.waitid(os.P_PID, killed.study.pid, os.WSTOPPED)  # of two requests at a time, the kernel delivers SIGTERM first
    os.killpg(killed.study.pid, signal.SIGTERM)
    assert killed.job_ends()
    killed.study.kill()
    assert (tmp_path / 'log').read_text().splitlines() == ['word', 'asked']


@pytest.mark.parametrize(('end', 'code'), [('pass', 0), ('raise SystemExit(2)', 2), ('1 / 0', 1), ('os.abort()', -6)])
def test_exit_codes_and_output(tmp_path, monkeypatch, end, code):
    monkeypatch.setattr(processes, '_WARM', [])
    (tmp_path / 'job.py').write_text(f'import os, sys\nprint(sys.argv[1:], os.environ["GIVEN"], flush=True)\n{end}\n')
    log = tmp_path / 'log'
    log.write_text('what was there\n')
    process = processes.start([sys.executable, str(tmp_path / 'job.py'), '--a', 'b c'], log, {'GIVEN': 'word'})
    while process.poll() is None:
        select.select([], [], [], 0.01)
    assert process.poll() == code
    assert log.read_text().startswith("what was there\n['--a', 'b c'] word\n")
    assert ('ZeroDivisionError' in log.read_text()) == (code == 1)


def test_a_script_has_the_variables_and_its_output_goes_to_the_log(tmp_path):
    log = Path(tmp_path, 'log')
    process = processes.start(['bash', '-c', 'echo $GIVEN; echo bad >&2; exit 3'], log, {'GIVEN': 'word'})
    assert process.wait() == 3
    assert log.read_text() == 'word\nbad\n'
