"""What Slurm tells the tasks of a job step."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from sslrecipes.errors import ConfigError

_NEEDED = ('SLURM_JOB_ID', 'SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', 'SLURM_JOB_NODELIST')
#: Below those that the kernel gives to connections (32768 and above).
_FIRST_PORT, _PORTS = 10_000, 20_000


def torch_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Translate the variables of a task to those of ``torchrun``.

    The port is taken from the job's number, so that two jobs of a node don't meet; ``MASTER_ADDR`` and ``MASTER_PORT``
    of the environment count more.

    Args:
        environment: That of the task.

    Returns:
        ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``LOCAL_WORLD_SIZE``, ``MASTER_ADDR``, ``MASTER_PORT``.

    Raises:
        ConfigError: Outside a job step.
    """
    missing = [name for name in _NEEDED if name not in environment]
    if missing:
        raise ConfigError(
            f'--launcher slurm needs a job step of Slurm ({missing[0]} is not set): use tools/slurm_train.sh or srun.'
        )
    tasks, nodes = int(environment['SLURM_NTASKS']), int(environment.get('SLURM_NNODES', 1))
    return {
        'RANK': environment['SLURM_PROCID'],
        'WORLD_SIZE': str(tasks),
        'LOCAL_RANK': environment['SLURM_LOCALID'],
        'LOCAL_WORLD_SIZE': str(-(-tasks // nodes)),
        'MASTER_ADDR': environment.get('MASTER_ADDR') or _first_host(environment['SLURM_JOB_NODELIST']),
        'MASTER_PORT': environment.get('MASTER_PORT') or str(_FIRST_PORT + int(environment['SLURM_JOB_ID']) % _PORTS),
    }


def _first_host(nodes: str) -> str:
    """First of hosts that are written as Slurm does, ``gpu[01-04,07]``."""
    try:
        done = subprocess.run(
            ['scontrol', 'show', 'hostnames', nodes], check=True, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(getattr(error, 'stderr', None) or error).strip()
        raise ConfigError(f'scontrol does not tell the hosts of {nodes} ({reason}): set MASTER_ADDR.') from error
    return done.stdout.split()[0]
