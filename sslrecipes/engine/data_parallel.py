"""Data-parallel training on any device."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from mmpretrain.models.utils.sparse_modules import SparseBatchNorm2d, SparseSyncBatchNorm2d
from torch import nn

from sslrecipes.registry import MODEL_WRAPPERS


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
