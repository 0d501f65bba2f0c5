"""Joining the processes of a run, and leaving them."""

import pytest
from torch import distributed

from sslrecipes.distributed import joining
from sslrecipes.distributed.joining import join_process_group, joins_here, leaving_process_group, own_device
from sslrecipes.errors import ConfigError, RunError


def test_tasks_of_slurm_join(run_ranks, monkeypatch):
    for variable in ('RANK', 'WORLD_SIZE'):
        monkeypatch.delenv(variable, raising=False)

    def on_rank(rank, world):
        with pytest.MonkeyPatch.context() as patch:
            for variable in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
                patch.delenv(variable)
            task = dict(JOB_ID='7', PROCID=str(rank), LOCALID=str(rank), NTASKS=str(world), JOB_NODELIST='a')
            for name, value in task.items():
                patch.setenv(f'SLURM_{name}', value)
            join_process_group('slurm', timeout=60)
            return distributed.get_rank(), distributed.get_world_size(), distributed.get_backend()

    assert run_ranks(on_rank) == [(0, 2, 'gloo'), (1, 2, 'gloo')]


@pytest.mark.parametrize(('local_rank', 'devices', 'expected'), [(0, 8, 0), (7, 8, 7), (3, 1, 0), (0, 1, 0)])
def test_each_process_takes_its_gpu_or_the_only_one_that_it_sees(local_rank, devices, expected):
    assert own_device(local_rank, devices) == expected


def test_more_processes_than_gpus_are_refused():
    with pytest.raises(ConfigError, match='Process 5 of this machine has no GPU: it has 4'):
        own_device(4, 4)


def test_other_launchers_need_a_gpu():
    with pytest.raises(ConfigError, match=r"start several processes with tools/dist_train.sh, not 'mpi'"):
        join_process_group('mpi')


@pytest.mark.parametrize(
    ('device', 'launcher', 'init_backend', 'expected'),
    [
        ('cpu', 'mpi', 'torch', True),
        ('cuda', 'slurm', 'torch', True),
        ('cuda', 'pytorch', 'deepspeed', False),
        ('cuda', 'mpi', 'torch', False),
        ('npu', 'pytorch', 'torch', False),
    ],
)
def test_who_joins_here(monkeypatch, device, launcher, init_backend, expected):
    monkeypatch.setattr(joining, 'get_device', lambda: device)
    assert joins_here(launcher, backend='nccl', init_backend=init_backend) == expected


@pytest.fixture
def left(monkeypatch):
    """How a group was left: a list that fills. Its backend is NCCL."""
    how = []
    monkeypatch.setattr(distributed, 'is_initialized', lambda: True)
    monkeypatch.setattr(distributed, 'get_backend', lambda: 'nccl')
    monkeypatch.setattr(distributed, 'destroy_process_group', lambda: how.append('together'))
    monkeypatch.setattr(distributed.distributed_c10d, '_abort_process_group', lambda: how.append('alone'))
    return how


@pytest.mark.parametrize(
    ('end', 'how'), [(None, 'together'), (SystemExit(143), 'together'), (RunError('bad'), 'alone')]
)
def test_nccl_is_left_together_or_given_up(left, end, how):
    try:
        with leaving_process_group():
            if end:
                raise end
    except (SystemExit, RunError) as error:
        assert error is end  # noqa: PT017
    assert left == [how]
