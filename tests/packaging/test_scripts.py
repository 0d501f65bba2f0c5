"""The shell tools: what they start, what they say when they cannot, and how the ranks they started end."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
SCRIPTS = sorted(TOOLS.glob('*.sh'))
ECHO = '#!/bin/sh\nprintf "%s\\n" "$@"\n'


def _bash(*command, **env):
    clean = {name: value for name, value in os.environ.items() if name not in ('PYTHON', 'NNODES', 'PORT')}
    return subprocess.run(
        ['bash', *map(str, command)], env={**clean, **env}, capture_output=True, text=True, timeout=300
    )


def _executable(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def echo(tmp_path):
    """A program that prints its arguments, one a line."""
    return str(_executable(tmp_path / 'echo', ECHO))


@pytest.mark.parametrize('script', SCRIPTS, ids=lambda path: path.name)
def test_scripts_parse(script):
    result = _bash('-n', script)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize('name', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh'])
def test_too_few_arguments_print_the_usage(name):
    result = _bash(TOOLS / name, 'config.py')
    assert result.returncode == 2
    assert result.stderr.startswith(f'usage: bash tools/{name} ')


def test_dist_train_on_one_machine(echo):
    words = _bash(TOOLS / 'dist_train.sh', 'my config.py', '3', '--resume', PYTHON=echo).stdout.splitlines()
    tool = [str(TOOLS / 'train.py'), 'my config.py', '--resume']
    assert words[:4] == [*tool, '--check']
    assert words[4:8] == [str(TOOLS / 'torchrun.py'), '--standalone', '--nproc-per-node', '3']
    assert words[8:] == [*tool, '--launcher', 'pytorch']


def test_dist_train_on_several_machines(echo):
    env = dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='node0')
    words = _bash(TOOLS / 'dist_train.sh', 'config.py', '8', PYTHON=echo, **env).stdout
    expected = '--nnodes 2 --node-rank 1 --master-addr node0 --master-port 29500 --nproc-per-node 8'
    assert expected.replace(' ', '\n') in words


@pytest.mark.parametrize('given', [{}, {'NODE_RANK': '1'}, {'MASTER_ADDR': 'node0'}])
def test_one_of_several_machines_must_know_its_rank_and_the_first(echo, given):
    result = _bash(TOOLS / 'dist_train.sh', 'config.py', '8', PYTHON=echo, NNODES='2', **given)
    assert (result.returncode, result.stdout) == (2, '')
    assert 'each machine needs its NODE_RANK (0 to 1) and the MASTER_ADDR of machine 0' in result.stderr


def test_dist_test_passes_the_checkpoint(echo):
    words = _bash(TOOLS / 'dist_test.sh', 'config.py', 'last.pth', '2', PYTHON=echo).stdout.splitlines()
    assert words[-5:] == [str(TOOLS / 'test.py'), 'config.py', 'last.pth', '--launcher', 'pytorch']


def test_a_number_of_gpus_is_asked_for():
    result = _bash(TOOLS / 'dist_train.sh', 'config.py', '--resume')
    assert result.returncode == 2
    assert "GPUS must be a number of processes, not '--resume'" in result.stderr


@pytest.mark.parametrize(
    ('printed', 'given', 'cpus'),
    [('train_dataloader.num_workers  8  a.py:7', {}, 9), ('', {}, 1), ('', {'CPUS_PER_TASK': '5'}, 5)],
)
def test_slurm_train(tmp_path, printed, given, cpus):
    _executable(tmp_path / 'srun', ECHO)
    python = str(_executable(tmp_path / 'py', f'#!/bin/sh\ncase $1 in *print_config.py) echo "{printed}";; esac\n'))
    result = _bash(
        TOOLS / 'slurm_train.sh', 'gpu', 'mae', 'config.py', 'out', '--amp',
        PATH=f'{tmp_path}:{os.environ["PATH"]}', PYTHON=python, GPUS='4', SRUN_ARGS='--qos high', **given,
    )  # fmt: skip
    words = ' '.join(result.stdout.splitlines())
    assert words.startswith('--partition gpu --job-name mae --gres gpu:4 --ntasks 4 --ntasks-per-node 4 ')
    assert f' --cpus-per-task {cpus} --kill-on-bad-exit=1 ' in words
    assert words.endswith(f'--qos high {python} -u {TOOLS}/train.py config.py --work-dir out --launcher slurm --amp')


def test_slurm_train_asks_for_nothing_if_the_check_fails(tmp_path):
    _executable(tmp_path / 'srun', ECHO)
    python = str(_executable(tmp_path / 'py', '#!/bin/sh\necho "error: mend it" >&2; exit 2\n'))
    env = dict(PATH=f'{tmp_path}:{os.environ["PATH"]}', PYTHON=python)
    result = _bash(TOOLS / 'slurm_train.sh', 'gpu', 'mae', 'config.py', 'out', **env)
    assert (result.returncode, result.stdout) == (2, '')
    assert 'error: mend it' in result.stderr


def _set_up(root, **env):
    return _bash('-c', f'set -euo pipefail; source "{root}/tools/setup_env.sh"; setup_env; echo "$PYTHON"', **env)


def test_a_suitable_environment_is_used_as_it_is():
    result = _set_up(TOOLS.parent, PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}')
    assert Path(result.stdout.strip()).parent == Path(sys.executable).parent, result.stderr
    assert len(result.stdout.splitlines()) == 1


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose one requirement nobody can install."""
    (tmp_path / 'tools').mkdir()
    shutil.copy2(TOOLS / 'setup_env.sh', tmp_path / 'tools')
    (tmp_path / 'setup.cfg').write_text(
        '[metadata]\nname = sslrecipes\n\n'
        '[options]\npython_requires = >=3.10\npackages =\ninstall_requires = no-such-distribution>=7\n'
    )
    return tmp_path


def test_a_failed_installation_says_what_is_missing_and_what_to_do(checkout):
    result = _set_up(
        checkout, PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}', PIP_NO_INDEX='1', PIP_FIND_LINKS=''
    )
    assert result.returncode == 1
    assert 'it lacks no-such-distribution>=7' in result.stdout
    assert 'error: installation failed (reason above): check network' in result.stderr


@pytest.mark.parametrize(
    ('function', 'folder', 'options'),
    [
        ('setup_env', '.venv', '--constraint {}/constraints.txt'),
        ('setup_newest_env', '.venv-newest', '--upgrade --upgrade-strategy eager'),
    ],
)
def test_versions_are_those_of_the_constraints_or_the_newest(checkout, function, folder, options):
    (checkout / 'constraints.txt').write_text('no-such-distribution==7\n')
    (checkout / folder / 'bin').mkdir(parents=True)
    _executable(checkout / folder / 'bin' / 'python', '#!/bin/sh\ntest "$3" != install || echo "$@"\n')
    script = f'source "{checkout}/tools/setup_env.sh"; {function} dev'
    done = _bash('-c', script, PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}')
    assert f'{options.format(checkout)} --editable {checkout}[dev]\n' in done.stdout


def test_other_constraints_than_at_the_installation_are_installed_again(checkout):
    versions = [checkout / 'constraints.txt', checkout / '.venv' / 'constraints.txt']
    versions[1].parent.mkdir()
    is_current = ('-c', f'source "{checkout}/tools/setup_env.sh"; is_current')
    assert _bash(*is_current).returncode == 0  # there is no such file
    versions[0].write_text('torch==2.14.1\n')
    assert _bash(*is_current).returncode != 0
    versions[1].write_text('torch==2.14.1\n')
    assert _bash(*is_current).returncode == 0


def test_a_machine_without_python_is_told_what_to_install(checkout):
    programs = checkout / 'bin'
    programs.mkdir()
    for name in ('bash', 'dirname', 'sed'):
        (programs / name).symlink_to(shutil.which(name))
    result = _set_up(checkout, PATH=str(programs))
    assert result.returncode == 1
    assert 'apt-get install python3 python3-venv' in result.stderr


def test_the_whole_suite_runs_in_two_halves_and_either_one_can_fail_it(tmp_path):
    """With arguments it is one process."""
    end = '===== 1 failed, 4 passed, 2 skipped in 100.00s (0:01:40) ====='
    said = f'#!/bin/sh\ncase "$*" in *pytest*) echo "$@"; echo "{end}";; esac\ncase "$*" in *{{}}*) exit 1;; esac\n'
    _executable(tmp_path / 'nproc', '#!/bin/sh\necho ${OMP_NUM_THREADS:-2}\n')  # as the real one, for two cores
    env = dict(PATH=f'{tmp_path}:{os.environ["PATH"]}', OMP_NUM_THREADS='1')

    def run(*arguments, failing='nothing'):
        env['PYTHON'] = str(_executable(tmp_path / 'python', said.format(failing)))
        done = _bash(TOOLS / 'run_tests.sh', *arguments, **env)
        lines = done.stdout.splitlines()
        assert arguments or '===== 2 failed, 8 passed, 4 skipped in 100.00s =====' in lines
        return done.returncode, [line.split()[2:] for line in lines if line.startswith('-m pytest')]

    code, (rest, half) = run()
    assert code == 0
    assert rest == [f'--ignore={folder}' for folder in half]
    assert all((TOOLS.parent / folder).is_dir() for folder in half)
    assert [run(failing=folder)[0] for folder in (half[0], rest[0], 'ruff')] == [1, 1, 1]
    assert run('tests/zoo', '-x') == (0, [['tests/zoo', '-x']])


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT'])
def test_a_suite_that_is_ended_leaves_no_process_behind(tmp_path, name):
    _executable(tmp_path / 'nproc', '#!/bin/sh\necho 2\n')
    python = _executable(tmp_path / 'python', '#!/bin/sh\ncase "$*" in *pytest*) echo >&3; sleep 600;; esac\n')
    held, given = os.pipe()
    env = {**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}', 'PYTHON': str(python)}
    command = f'exec bash "{TOOLS}/run_tests.sh" 3>&{given}'
    number = getattr(signal, name)
    suite = subprocess.Popen(
        ['bash', '-c', command], env=env, pass_fds=[given], stdout=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # what runs in the background ignores SIGINT
    )  # fmt: skip
    os.close(given)
    with os.fdopen(held) as both:
        assert [both.readline(), both.readline()] == ['\n', '\n']
        suite.send_signal(number)
        assert both.read() == ''  # the end comes when the last process has closed it
    assert suite.wait(timeout=60) == -number


RANK = """
import os, pathlib, signal, sys, time

asked = []
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, lambda number, frame: asked.append(number))
rank = os.environ['RANK']
pathlib.Path(sys.argv[1], rank).touch()
while not asked:
    if sys.argv[2] == 'die' and rank == '1':
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
pathlib.Path(sys.argv[1], f'{rank}.asked').write_text(signal.Signals(asked[0]).name)
sys.exit(2 if sys.argv[2] == 'die' else 143)
"""


@pytest.fixture
def two_ranks(tmp_path):
    """Function that starts tools/torchrun.py with two ranks that wait for a signal, or of which one dies."""

    def start(what):
        (tmp_path / 'rank.py').write_text(RANK)
        options = ['--standalone', '--nproc-per-node', '2', tmp_path / 'rank.py', tmp_path, what]
        return subprocess.Popen(
            [sys.executable, TOOLS / 'torchrun.py', *options], stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    return start


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT', 'SIGUSR1'])
def test_requests_to_stop_reach_the_ranks_and_end_with_143(two_ranks, tmp_path, name):
    launcher = two_ranks('wait')
    deadline = time.monotonic() + 60
    while not all((tmp_path / rank).exists() for rank in '01') and time.monotonic() < deadline:
        time.sleep(0.05)
    launcher.send_signal(getattr(signal, name))
    _, stderr = launcher.communicate(timeout=60)
    assert launcher.returncode == 143, stderr
    assert [(tmp_path / f'{rank}.asked').read_text() for rank in '01'] == [name, name]
    assert 'Traceback' not in stderr


def test_the_rank_that_was_killed_is_named(two_ranks):
    launcher = two_ranks('die')
    _, stderr = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert 'error: rank 1 (process ' in stderr
    assert 'was ended by SIGKILL, as the kernel does' in stderr
