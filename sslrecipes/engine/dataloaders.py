"""Loaders whose samples depend on (seed, epoch, index) only."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import torch
from mmengine.dist import get_rank
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from sslrecipes.datasets.class_names import build_dataset
from sslrecipes.datasets.seeding import RestartableBatches, seeded
from sslrecipes.datasets.workers import init_worker
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATA_SAMPLERS


def build_seeded_loader(
    loader_cfg: dict[str, Any], seed: int | None = None, diff_rank_seed: bool = False
) -> DataLoader[Any]:
    """Build a loader as upstream, with augmentation and shuffling by the config's seed, in pinned memory for a GPU.

    Args:
        loader_cfg: Config with ``dataset``, ``sampler``, ``batch_size``, ...
        seed: The rank's seed.
        diff_rank_seed: Whether that seed contains the rank.

    Raises:
        ConfigError: For ``num_batch_per_epoch``, which would cut the data set behind the sampler's back, and for
            ``drop_last`` with a ``batch_sampler``.
    """
    cfg = {'pin_memory': torch.cuda.is_available(), **copy.deepcopy(loader_cfg)}
    for function in ('collate_fn', 'worker_init_fn'):  # upstream passes the scope of a `package::` base on to them
        if isinstance(cfg.get(function), dict):
            cfg[function].pop('_scope_', None)
    if 'num_batch_per_epoch' in cfg:
        raise ConfigError('num_batch_per_epoch is not supported: give the dataset indices=<number of images>.')
    if seed is not None:
        shared_seed = seed - get_rank() if diff_rank_seed else seed
        dataset = build_dataset(cfg['dataset']) if isinstance(cfg['dataset'], dict) else cfg['dataset']
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
        sampler = cfg['sampler']
        if isinstance(sampler, dict):
            sampler = DATA_SAMPLERS.build(sampler, default_args=dict(dataset=dataset, seed=shared_seed))
        cfg['dataset'], cfg['sampler'] = seeded(dataset, sampler, shared_seed)
        if cfg.get('batch_sampler'):
            if cfg.get('drop_last'):
                raise ConfigError('drop_last means nothing beside a batch_sampler: leave it out.')
            cfg['batch_sampler'] = dict(type=RestartableBatches, batches=cfg['batch_sampler'])
    loader = Runner.build_dataloader(cfg, seed, diff_rank_seed)
    loader.worker_init_fn = partial(init_worker, inner=loader.worker_init_fn)
    return loader
