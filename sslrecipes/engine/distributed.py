"""Data-parallel training on any device, and small questions that all processes of a run must answer alike."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from mmpretrain.models.utils.sparse_modules import SparseBatchNorm2d, SparseSyncBatchNorm2d
from torch import distributed, nn

from sslrecipes.errors import ConfigError, UserError
from sslrecipes.registry import MODEL_WRAPPERS

T = TypeVar('T')


@cache
def control_group() -> distributed.ProcessGroup:
    """Group of all processes over gloo: its messages neither wait for a GPU nor hold one up.

    A process that ends closes its connections, so the others hear of it at the next question instead of waiting for
    a time-out, as they would with NCCL.
    """
    group = distributed.new_group(backend='gloo')
    assert isinstance(group, distributed.ProcessGroup), 'every process is a member'
    return group


def any_rank(*flags: bool) -> list[bool]:
    """Tell for each flag whether it is set on any process; collective, every process must ask in the same order."""
    if get_world_size() == 1:
        return list(flags)
    votes = torch.tensor(flags, dtype=torch.uint8)
    distributed.all_reduce(votes, op=distributed.ReduceOp.MAX, group=control_group())
    return [bool(vote) for vote in votes.tolist()]


def from_main_process(action: Callable[[], T]) -> T:
    """Let process 0 do something: its result, or the :class:`UserError` it raises, reaches all; collective.

    Args:
        action: Returns what can be pickled.
    """
    answer: list[Any] = [None, None]
    if get_rank() == 0:
        try:
            answer[0] = action()
        except UserError as error:
            answer[1] = error
    if get_world_size() > 1:
        distributed.broadcast_object_list(answer, group=control_group())
    result, failure = answer
    if failure:
        raise failure
    return result  # type: ignore[no-any-return]  # what the action returned


@contextmanager
def leaving_process_group() -> Iterator[None]:
    """Leave the group of processes at the end, however it comes: the end of the interpreter is too late.

    Its threads may be running still then, and the process is aborted instead of ending with its exit code. NCCL is left
    only if the others are alive, as it would wait for them.
    """
    ended_well = False
    try:
        yield
        ended_well = True
    except SystemExit:
        ended_well = True
        raise
    finally:
        if distributed.is_initialized() and (ended_well or distributed.get_backend() == 'gloo'):
            control_group.cache_clear()
            distributed.destroy_process_group()


def init_cpu_process_group(launcher: str, timeout: float = 1800, **_: Any) -> None:
    """Join the gloo group described by the environment of ``torchrun``.

    mmengine's own start calls ``torch.cuda.set_device`` for every backend.

    Args:
        launcher: Must be ``'pytorch'``.
        timeout: Seconds.
        **_: Other entries of ``dist_cfg`` (a GPU backend among them), which have no meaning here.
    """
    if launcher != 'pytorch':
        raise ConfigError(f'Without a GPU, start several processes with tools/dist_train.sh, not {launcher!r}.')
    distributed.init_process_group('gloo', timeout=timedelta(seconds=timeout))


def revert_sparse_sync_batchnorm(model: nn.Module) -> nn.Module:
    """Let the sparse norms of mmpretrain's SparK normalise within a process, of the visible positions still.

    mmengine's ``revert_sync_batchnorm``, which comes next wherever this is called, would make dense norms of them, that
    average over masked positions, too.
    """
    for owner in model.modules():
        for name, norm in owner.named_children():
            if isinstance(norm, SparseSyncBatchNorm2d):
                sparse = SparseBatchNorm2d(
                    norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats
                )
                sparse.load_state_dict(norm.state_dict())
                setattr(owner, name, sparse)
    return model


@MODEL_WRAPPERS.register_module()
class SSLDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper that also wraps CPU modules.

    Upstream passes ``device_ids`` always, which a CPU module refuses, and keeps SyncBatchNorm, which has no CPU
    implementation. That torch is about to rename the option ``broadcast_buffers`` tells a user nothing.

    Args:
        module: The model.
        device_ids: GPUs; ignored without CUDA.
        **kwargs: Arguments of ``MMDistributedDataParallel``.
    """

    def __init__(self, module: nn.Module, device_ids: list[int] | None = None, **kwargs: Any) -> None:
        if not torch.cuda.is_available():
            module, device_ids = revert_sync_batchnorm(revert_sparse_sync_batchnorm(module)), None
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', '`broadcast_buffers` is deprecated', FutureWarning)
            super().__init__(module, device_ids=device_ids, **kwargs)
