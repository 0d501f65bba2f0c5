"""Data-parallel training on any device."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import torch
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from torch import distributed, nn

from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODEL_WRAPPERS


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


@MODEL_WRAPPERS.register_module()
class SSLDistributedDataParallel(MMDistributedDataParallel):
    """mmengine's wrapper that also wraps CPU modules.

    Upstream passes ``device_ids`` always, which a CPU module refuses, and keeps SyncBatchNorm, which has no CPU
    implementation.

    Args:
        module: The model.
        device_ids: GPUs; ignored without CUDA.
        **kwargs: Arguments of ``MMDistributedDataParallel``.
    """

    def __init__(self, module: nn.Module, device_ids: list[int] | None = None, **kwargs: Any) -> None:
        if not torch.cuda.is_available():
            module, device_ids = revert_sync_batchnorm(module), None
        super().__init__(module, device_ids=device_ids, **kwargs)
