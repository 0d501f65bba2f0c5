"""What a job will cost: operations, time and disk, as far as that can be told without its data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.benchmark import gemm_rate
from sslrecipes.commands.config_check import check_components
from sslrecipes.commands.costs import step_cost
from sslrecipes.commands.dense_costs import dense_flops, picture_size
from sslrecipes.commands.flops import flop_counter
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.loading import import_components
from sslrecipes.config.picture_size import picture_size as side_of
from sslrecipes.config.places import value_at
from sslrecipes.config.upstream import adopted
from sslrecipes.registry import MODELS
from sslrecipes.studies.identity import digest, settings
from sslrecipes.studies.images import REFUSALS, images_seen
from sslrecipes.studies.jobs import Job

#: Share of the rate of matrix products that a training is taken to reach.
SHARE = 0.5
#: Places of a config that decide what a step computes, and those of them that only say where weights come from.
_SHAPES = re.compile(r'(model|data_preprocessor|train_dataloader\.dataset|test_dataloader\.dataset|default_scope)\b')
_WEIGHTS = re.compile(r'init_cfg\b|checkpoint$|data_root$|subset$')
#: Optimizers that keep one moment of each parameter; others keep two.
_ONE_MOMENT = ('SGD', 'LARS')
_BYTES = 4


@dataclass(frozen=True)
class Kind:
    """What a step of one kind of model costs.

    Attributes:
        flops: Floating-point operations for each image.
        step_flops: Those that don't depend on the number of images.
        checkpoint: Bytes of a checkpoint: weights and moments of the optimizer.
    """

    flops: float
    step_flops: float = 0
    checkpoint: int = 0


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
    kinds: dict[str, Kind | None] = {}
    costs = {}
    for job in jobs:
        key = digest({place: repr(value) for place, value in settings(job.cfg).items() if _shapes_step(place)})
        if key not in kinds:
            check_components(adopted(job.cfg))  # before anything is built
            kinds[key] = kind_of(job.cfg)
        costs[job.name] = _cost(job.cfg, kinds[key], processes, rate)
    return costs


def _shapes_step(place: str) -> bool:
    return _SHAPES.match(place) is not None and _WEIGHTS.search(place) is None


def _cost(cfg: Config, kind: Kind | None, processes: int, rate: float | None) -> Cost:
    images = images_seen(cfg)
    if kind is None:
        return Cost(images=images, gpus=processes)
    flops = kind.flops
    if cfg.get('train_cfg'):
        flops += kind.step_flops / (cfg.train_dataloader.get('batch_size') or 1)
    seconds = images * flops / 1e9 / ((rate or SHARE * machine_rate()) * processes) if images else None
    disk = kind.checkpoint * checkpoints_kept(cfg) if cfg.get('train_cfg') else None
    return Cost(flops / 1e9, images, seconds, disk, processes)


@cache
def machine_rate() -> float:
    """10^9 operations per second of matrix products, here and now."""
    return gemm_rate(torch.float32, seconds=0.3)


def kind_of(cfg: Config) -> Kind | None:
    """Count a step of a recipe on the ``meta`` device, which computes nothing; None if it can't be told.

    SwAV, which looks at the values of tensors, is counted while it computes.

    What has boxes, masks or maps is counted for as many regions as are sampled; a test, forward only.
    """
    try:
        import_components(cfg)
        cfg = adopted(cfg)
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
            model = {'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}
            try:
                return _counted(cfg, _without_memory(model))
            except NotImplementedError:
                return _counted(cfg, MODELS.build(model))
    except REFUSALS:
        return None


def _without_memory(cfg: Mapping[str, Any]) -> Any:
    """Build a model without memory for its weights, as far as it can be built so."""
    try:
        with torch.device('meta'):
            model = MODELS.build(deepcopy(cfg))
    except (NotImplementedError, RuntimeError):  # it computes with a tensor
        model = MODELS.build(deepcopy(cfg))
    return model.to('meta')


def _counted(cfg: Config, model: Any) -> Kind | None:
    if not cfg.get('train_cfg'):
        return _tested(cfg, model)
    moments = 1 if cfg.optim_wrapper.optimizer.type.rpartition('.')[2] in _ONE_MOMENT else 2
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    checkpoint = sum(value.nbytes for value in model.state_dict().values()) + _BYTES * moments * trained
    if cfg.get('transfer') is None:
        step = step_cost(model, partial(synthetic_batch, cfg), progress=mid_run(cfg))
        return Kind(step.flops, step.step_flops, checkpoint)
    size = picture_size(cfg)
    return Kind(dense_flops(model, size), 0, checkpoint) if size else None


def _tested(cfg: Config, model: Any) -> Kind | None:
    side = value_at(cfg, 'model.backbone.img_size') or side_of(cfg.get('test_dataloader'))
    if not isinstance(side, int) or not hasattr(model, 'extract_feat'):
        return None
    with torch.no_grad(), flop_counter() as counter:
        model.eval().extract_feat(torch.empty(1, 3, side, side, device='meta'))
    return Kind(counter.get_total_flops())


def checkpoints_kept(cfg: Config) -> int:
    """How many checkpoints a training leaves behind: the last ones, milestones and the best."""
    hook = value_at(cfg, 'default_hooks.checkpoint', {})
    last, every = hook.get('max_keep_ckpts') or 1, hook.get('keep_every') or 0
    epochs = value_at(cfg, 'train_cfg.max_epochs', 0)
    milestones = epochs // every if every else 0
    return max(1, int(last)) + milestones + bool(hook.get('save_best'))
