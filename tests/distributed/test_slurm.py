"""What the processes of a Slurm job know of each other."""

import pytest

from sslrecipes.distributed.slurm import torch_variables
from sslrecipes.errors import ConfigError

TASK = {
    'SLURM_JOB_ID': '4711',
    'SLURM_PROCID': '9',
    'SLURM_LOCALID': '1',
    'SLURM_NTASKS': '16',
    'SLURM_NNODES': '2',
    'SLURM_JOB_NODELIST': 'gpu[03-04]',
}


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """Function from a shell script to it being what is called ``scontrol``."""

    def provide(script):
        (tmp_path / 'scontrol').write_text(f'#!/bin/sh\n{script}\n')
        (tmp_path / 'scontrol').chmod(0o755)
        monkeypatch.setenv('PATH', str(tmp_path), prepend=':')

    return provide


def test_variables_are_those_of_torchrun(scontrol):
    scontrol('test "$*" = "show hostnames gpu[03-04]" && printf "gpu03\\ngpu04\\n"')
    assert torch_variables(TASK) == {
        'RANK': '9',
        'WORLD_SIZE': '16',
        'LOCAL_RANK': '1',
        'LOCAL_WORLD_SIZE': '8',
        'MASTER_ADDR': 'gpu03',
        'MASTER_PORT': '14711',
    }


def test_jobs_of_a_node_have_ports_of_their_own_below_those_of_the_kernel():
    jobs = range(10**6, 10**6 + 500)
    ports = {
        int(torch_variables({**TASK, 'MASTER_ADDR': 'a', 'SLURM_JOB_ID': str(job)})['MASTER_PORT']) for job in jobs
    }
    assert len(ports) == len(jobs)
    assert all(1024 < port < 32768 for port in ports)


def test_who_names_the_first_machine_and_its_port_is_obeyed():
    named = torch_variables({**TASK, 'MASTER_ADDR': 'node0', 'MASTER_PORT': '29511'})
    assert (named['MASTER_ADDR'], named['MASTER_PORT']) == ('node0', '29511')


@pytest.mark.parametrize('name', [name for name in TASK if name != 'SLURM_NNODES'])
def test_outside_a_job_step_the_missing_variable_is_named(name):
    with pytest.raises(ConfigError, match=rf'needs a job step of Slurm \({name} is not set\)'):
        torch_variables({key: value for key, value in TASK.items() if key != name})


@pytest.mark.parametrize('script', ['echo no such host >&2; exit 1', 'exit 1'])
def test_hosts_that_slurm_does_not_tell_must_be_named(scontrol, script):
    scontrol(script)
    with pytest.raises(ConfigError, match='set MASTER_ADDR'):
        torch_variables(TASK)
