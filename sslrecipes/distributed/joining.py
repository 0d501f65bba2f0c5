"""Joining the process group of a run, and leaving it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from mmengine.device import get_device
from torch import distributed

from sslrecipes.distributed.control import TIMEOUT, control_group, limit_waiting
from sslrecipes.distributed.interface import gloo_interface
from sslrecipes.distributed.slurm import torch_variables
from sslrecipes.errors import ConfigError

#: Launchers whose processes join here.
LAUNCHERS = ('pytorch', 'slurm')


def joins_here(launcher: str, init_backend: str = 'torch', **_: Any) -> bool:
    """Tell whether :func:`join_process_group` is for a launcher and device, or mmengine's own start.

    Args:
        launcher: Name of the launcher.
        init_backend: Who makes the group; libraries other than torch have their own ways.
        **_: Other entries of ``env_cfg.dist_cfg``.
    """
    return get_device() == 'cpu' or (get_device() == 'cuda' and init_backend == 'torch' and launcher in LAUNCHERS)


def join_process_group(
    launcher: str,
    backend: str = 'nccl',
    timeout: float = TIMEOUT,
    port: int | None = None,
    init_backend: str = 'torch',
    **options: Any,
) -> None:
    """Join the group that ``torchrun`` or Slurm describes by the environment.

    mmengine's own start needs CUDA, takes the number of a task on its node for the number of a GPU, also where Slurm
    shows each task one GPU only, and the same port for all jobs.

    Args:
        launcher: ``'pytorch'`` (``tools/dist_train.sh``) or ``'slurm'``.
        backend: For GPUs; without them it is gloo.
        timeout: Seconds for which processes wait for each other, in this group and in the control group.
        port: Of the first machine, instead of that of the environment.
        init_backend: Only ``'torch'`` has a meaning here.
        **options: Other arguments of ``torch.distributed.init_process_group``, which count for GPUs.

    Raises:
        ConfigError: For another launcher on CPUs, or if the environment doesn't tell.
    """
    if launcher not in LAUNCHERS:
        raise ConfigError(f'Without a GPU, start several processes with tools/dist_train.sh, not {launcher!r}.')
    if launcher == 'slurm':
        os.environ.update(torch_variables(os.environ))
    if port is not None:
        os.environ['MASTER_PORT'] = str(port)
    interface = gloo_interface(os.environ)
    if interface:
        os.environ['GLOO_SOCKET_IFNAME'] = interface
    limit_waiting(timeout)
    if torch.cuda.is_available():
        torch.cuda.set_device(own_device(int(os.environ['LOCAL_RANK']), torch.cuda.device_count()))
    else:
        backend, options = 'gloo', {}
    distributed.init_process_group(backend, timeout=timedelta(seconds=timeout), **options)


def own_device(local_rank: int, devices: int) -> int:
    """Number of the GPU of a process.

    Args:
        local_rank: Number of the process on its machine.
        devices: GPUs that it sees: all of the machine, or its own only.

    Raises:
        ConfigError: If there are several, but fewer than processes.
    """
    if devices == 1:
        return 0
    if local_rank >= devices:
        raise ConfigError(f'Process {local_rank + 1} of this machine has no GPU: it has {devices}; start as many.')
    return local_rank


@contextmanager
def leaving_process_group() -> Iterator[None]:
    """Leave the group of processes at the end, however it comes: the end of the interpreter is too late.

    Its threads may be running still then, and the process is aborted instead of ending with its exit code. NCCL, which
    waits for the others when it is left, is given up if something went wrong.
    """
    ended_well = False
    try:
        yield
        ended_well = True
    except SystemExit:
        ended_well = True
        raise
    finally:
        if distributed.is_initialized():
            control_group.cache_clear()
            _leave(ended_well or distributed.get_backend() == 'gloo')


def _leave(together: bool) -> None:
    if together:
        distributed.destroy_process_group()
    else:
        distributed.distributed_c10d._abort_process_group()
