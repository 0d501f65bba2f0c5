"""The shell tools: what they start, and what they say when they cannot."""

import os
import shutil
import subprocess
import sys
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
    assert words[:4] == [str(TOOLS / 'torchrun.py'), '--standalone', '--nproc-per-node', '3']
    assert words[4:] == [str(TOOLS / 'train.py'), 'my config.py', '--resume', '--launcher', 'pytorch']


def test_dist_train_on_several_machines(echo):
    env = dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='node0')
    words = _bash(TOOLS / 'dist_train.sh', 'config.py', '8', PYTHON=echo, **env).stdout
    expected = '--nnodes 2 --node-rank 1 --master-addr node0 --master-port 29500 --nproc-per-node 8'
    assert expected.replace(' ', '\n') in words


def test_dist_test_passes_the_checkpoint(echo):
    words = _bash(TOOLS / 'dist_test.sh', 'config.py', 'last.pth', '2', PYTHON=echo).stdout.splitlines()
    assert words[-5:] == [str(TOOLS / 'test.py'), 'config.py', 'last.pth', '--launcher', 'pytorch']


def test_a_number_of_gpus_is_asked_for():
    result = _bash(TOOLS / 'dist_train.sh', 'config.py', '--resume')
    assert result.returncode == 2
    assert "GPUS must be a number of processes, not '--resume'" in result.stderr


def test_slurm_train(tmp_path):
    _executable(tmp_path / 'srun', ECHO)
    result = _bash(
        TOOLS / 'slurm_train.sh', 'gpu', 'mae', 'config.py', 'out', '--amp',
        PATH=f'{tmp_path}:{os.environ["PATH"]}', PYTHON='py', GPUS='4', SRUN_ARGS='--qos high',
    )  # fmt: skip
    words = ' '.join(result.stdout.splitlines())
    assert words.startswith('--partition gpu --job-name mae --gres gpu:4 --ntasks 4 --ntasks-per-node 4 ')
    assert words.endswith(f'--qos high py -u {TOOLS}/train.py config.py --work-dir out --launcher slurm --amp')


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


def test_a_machine_without_python_is_told_what_to_install(checkout):
    programs = checkout / 'bin'
    programs.mkdir()
    for name in ('bash', 'dirname', 'sed'):
        (programs / name).symlink_to(shutil.which(name))
    result = _set_up(checkout, PATH=str(programs))
    assert result.returncode == 1
    assert 'apt-get install python3 python3-venv' in result.stderr
