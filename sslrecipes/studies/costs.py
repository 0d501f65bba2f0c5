"""What a job will cost: operations, time and disk, as far as that can be told without its data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from mmengine.config import Config

from sslrecipes.commands.benchmark import gemm_rate
from sslrecipes.commands.config_check import check_components
from sslrecipes.commands.recipe_costs import RecipeCost, recipe_cost
from sslrecipes.config.places import value_at
from sslrecipes.config.upstream import adopted
from sslrecipes.studies.identity import digest, settings
from sslrecipes.studies.images import images_seen
from sslrecipes.studies.jobs import Job

#: Share of the rate of matrix products that a training is taken to reach.
SHARE = 0.5
#: Places of a config that decide what a step computes, and those of them that only say where weights come from.
_SHAPES = re.compile(r'(model|data_preprocessor|train_dataloader\.dataset|test_dataloader\.dataset|default_scope)\b')
_WEIGHTS = re.compile(r'init_cfg\b|checkpoint$|data_root$|subset$')


@dataclass(frozen=True)
class Cost:
    """What a job will cost; None where it can't be told.

    Attributes:
        gflops: For each image, in 10^9; forward and backward, of a test forward.
        images: That it sees in all.
        seconds: About.
        disk: Bytes of the checkpoints that are kept.
        gpus: That work at the same time, or processes.
    """

    gflops: float | None = None
    images: int | None = None
    seconds: float | None = None
    disk: int | None = None
    gpus: int = 1

    @property
    def total(self) -> float | None:
        """Floating-point operations in all."""
        return None if self.gflops is None or self.images is None else self.gflops * self.images * 1e9


def costs_of(jobs: Sequence[Job], processes: int = 1, rate: float | None = None) -> dict[str, Cost]:
    """Estimate the costs of jobs, each kind of model counted once.

    Args:
        jobs: Jobs.
        processes: GPUs, or processes, of each.
        rate: 10^9 operations per second of one; by default half the rate of matrix products here.

    Raises:
        ConfigError: If a config names a component that there is not, or an option that it has not.
    """
    kinds: dict[str, RecipeCost | None] = {}
    costs = {}
    for job in jobs:
        key = digest({place: repr(value) for place, value in settings(job.cfg).items() if _shapes_step(place)})
        if key not in kinds:
            check_components(adopted(job.cfg))  # before anything is built
            kinds[key] = recipe_cost(job.cfg)
        costs[job.name] = _cost(job.cfg, kinds[key], processes, rate)
    return costs


def _shapes_step(place: str) -> bool:
    return _SHAPES.match(place) is not None and _WEIGHTS.search(place) is None


def _cost(cfg: Config, kind: RecipeCost | None, processes: int, rate: float | None) -> Cost:
    images = images_seen(cfg)
    if kind is None:
        return Cost(images=images, gpus=processes)
    flops = kind.per_image(cfg)
    seconds = images * flops / 1e9 / ((rate or SHARE * machine_rate()) * processes) if images else None
    disk = kind.checkpoint * checkpoints_kept(cfg) if cfg.get('train_cfg') else None
    return Cost(flops / 1e9, images, seconds, disk, processes)


@cache
def machine_rate() -> float:
    """10^9 operations per second of matrix products, here and now."""
    return gemm_rate(torch.float32, seconds=0.3)


def checkpoints_kept(cfg: Config) -> int:
    """How many checkpoints a training leaves behind: the last ones, milestones and the best."""
    hook = value_at(cfg, 'default_hooks.checkpoint', {})
    last, every = hook.get('max_keep_ckpts') or 1, hook.get('keep_every') or 0
    epochs = value_at(cfg, 'train_cfg.max_epochs', 0)
    milestones = epochs // every if every else 0
    return max(1, int(last)) + milestones + bool(hook.get('save_best'))
