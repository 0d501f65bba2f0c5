"""What a job will cost: operations, time and disk, as far as that can be told without its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.benchmark import gemm_rate
from sslrecipes.commands.costs import StepCost, step_cost
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.loading import import_components
from sslrecipes.config.places import value_at, walk
from sslrecipes.config.upstream import adopted
from sslrecipes.errors import UserError
from sslrecipes.registry import DATASETS, MODELS
from sslrecipes.studies.identity import digest, settings
from sslrecipes.studies.jobs import Job
from sslrecipes.visualization.curves import read_scalars
from sslrecipes.zoo.facts import facts

#: Share of the rate of matrix products that a training is taken to reach.
SHARE = 0.5
#: Images of data sets that needn't be there.
KNOWN_IMAGES = {'ImageNet': 1_281_167, 'ImageNetSubset': 1_281_167, 'CocoDataset': 117_266}
#: Bytes of a checkpoint for each parameter: weights and two moments in fp32.
_BYTES_OF_STATE = 4


@dataclass(frozen=True)
class Cost:
    """What a job will cost; None where it can't be told.

    Attributes:
        gflops: For each image, forward and backward, in 10^9.
        images: That the training sees in all.
        seconds: About, on this machine.
        disk: Bytes of the checkpoints that are kept.
        measured: Whether the seconds come from a run, not from a rate.
    """

    gflops: float | None = None
    images: int | None = None
    seconds: float | None = None
    disk: int | None = None
    measured: bool = False

    @property
    def total(self) -> float | None:
        """Floating-point operations of the whole training."""
        return None if self.gflops is None or self.images is None else self.gflops * self.images * 1e9


def costs_of(jobs: Sequence[Job], processes: int = 1, rate: float | None = None) -> dict[str, Cost]:
    """Estimate the costs of trainings, each kind of model counted once; tests aren't counted.

    Args:
        jobs: Jobs.
        processes: GPUs, or processes, of each.
        rate: 10^9 operations per second of one; by default half the rate of matrix products here.
    """
    counted: dict[str, StepCost | None] = {}
    costs = {}
    for job in jobs:
        if not job.trains:
            continue
        kind = digest({place: repr(value) for place, value in settings(job.cfg).items() if _shapes_step(place)})
        if kind not in counted:
            counted[kind] = _step_cost(job.cfg)
        costs[job.name] = _cost(job.cfg, counted[kind], processes, rate)
    return costs


def measured_rate(job: Job) -> float | None:
    """Images per second of a run that was made; None if it logged none."""
    with suppress(UserError):
        rates = read_scalars(job.folder).get('images_per_second')
        return sum(rates.values) / len(rates.values) if rates and rates.values else None
    return None


def _shapes_step(place: str) -> bool:
    return place.startswith(('model', 'data_preprocessor', 'train_dataloader', 'views', 'default_scope'))


def _cost(cfg: Config, step: StepCost | None, processes: int, rate: float | None) -> Cost:
    images = images_seen(cfg)
    if step is None:
        return Cost(images=images)
    batch = cfg.train_dataloader.get('batch_size') or 1
    flops = step.flops + step.step_flops / batch
    seconds = images * flops / 1e9 / ((rate or SHARE * machine_rate()) * processes) if images else None
    kept = value_at(cfg, 'default_hooks.checkpoint.max_keep_ckpts', 1) or 1
    disk = int(step.states - _BYTES_OF_STATE * step.trainable) * max(1, int(kept))
    return Cost(flops / 1e9, images, seconds, disk)


@cache
def machine_rate() -> float:
    """10^9 operations per second of matrix products, here and now."""
    return gemm_rate(torch.float32, seconds=0.3)


def _step_cost(cfg: Config) -> StepCost | None:
    """Count a step on random images; None for what has more than labels, or weights that can't be built."""
    try:
        import_components(cfg)
        cfg = adopted(cfg)
        model: Any = {'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
            return step_cost(MODELS.build(model), partial(synthetic_batch, cfg), progress=mid_run(cfg))
    except UserError:
        return None


def images_seen(cfg: Config) -> int | None:
    """How many images a training sees; None if neither the config nor embedded data tell."""
    stated = facts(cfg)
    iterations, batch = value_at(cfg, 'train_cfg.max_iters'), stated.get('effective_batch')
    if iterations:
        return int(iterations * batch) if batch else None
    count = _images_of(cfg.train_dataloader.dataset, cfg.get('default_scope', 'sslrecipes'))
    return None if count is None else int(count * cfg.train_cfg.max_epochs)


def _images_of(dataset: Mapping[str, Any], scope: str) -> int | None:
    kind = str(dataset.get('type')).rpartition('.')[2]
    if kind in KNOWN_IMAGES:
        return KNOWN_IMAGES[kind]
    if any(isinstance(node, Mapping) and node.get('data_root') for _, node in walk(dataset)):
        return None
    try:
        with DefaultScope.overwrite_default_scope(scope):
            return len(DATASETS.build({**dataset, 'pipeline': []}))
    except UserError:
        return None
