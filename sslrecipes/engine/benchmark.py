"""Speed of a recipe's training step, against the matrix-product rate of the same machine in the same run."""

from __future__ import annotations

import resource
import statistics
import time
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.device import get_device

from sslrecipes.engine.costs import step_cost
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.registry import MODELS

GEMM_SIDE = 2048


class StepSpeed(NamedTuple):
    """Speed of a training step.

    Attributes:
        name: Recipe.
        batch: Images per step.
        seconds: Median seconds per step, optimizer included.
        gflops_per_image: Floating-point operations per image, forward and backward, in 10^9.
        gemm_rate: 10^9 floating-point operations per second of square matrix products in the step's precision.
        peak_rss: Largest resident memory of the process in GiB.
        loss: Loss of the last step, to see that it is finite.
    """

    name: str
    batch: int
    seconds: float
    gflops_per_image: float
    gemm_rate: float
    peak_rss: float
    loss: float

    @property
    def images_per_second(self) -> float:
        """Throughput."""
        return self.batch / self.seconds

    @property
    def share_of_gemm_rate(self) -> float:
        """Counted operations per second over the rate of matrix products."""
        return self.gflops_per_image * self.images_per_second / self.gemm_rate


def gemm_rate(dtype: torch.dtype, seconds: float = 1.0) -> float:
    """Measure square matrix products for ``seconds``; returns the best 10^9 operations per second."""
    a, b = (torch.randn(GEMM_SIDE, GEMM_SIDE, device=get_device()).to(dtype) for _ in range(2))
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        torch.mm(a, b)
        _synchronize()
        best = max(best, 2 * GEMM_SIDE**3 / (time.perf_counter() - start) / 1e9)
    return best


def measure_step(cfg: Config, name: str, batch: int, steps: int = 5, dtype: str = 'float32') -> StepSpeed:
    """Time the training step of a recipe on random images, with random weights in every part.

    Args:
        cfg: Resolved recipe.
        name: What to call it.
        batch: Images per step.
        steps: Timed steps, after one that isn't.
        dtype: ``'float32'``, or the autocast type ``'bfloat16'`` or ``'float16'``.
    """
    model = MODELS.build(cfg.model).to(get_device())
    side = cfg.model.backbone.img_size
    images = torch.randint(0, 256, (batch, 3, side, side), dtype=torch.uint8)
    data = {'inputs': images, 'data_samples': None}
    flops = step_cost(model, {'inputs': images[:2], 'data_samples': None}).flops / 1e9
    optim_cfg = dict(cfg.optim_wrapper.to_dict(), accumulative_counts=1)
    optim_cfg |= dict(type='AmpOptimWrapper', dtype=dtype) if dtype != 'float32' else dict(type='OptimWrapper')
    for key in ('dtype', 'loss_scale') if dtype == 'float32' else ():
        optim_cfg.pop(key, None)
    paramwise = optim_cfg.pop('paramwise_cfg', None)
    optim_cfg.pop('constructor', None)
    optimizer = ParamGroupsConstructor(optim_cfg, paramwise)(model)
    times, losses = [], {}
    rates = [gemm_rate(getattr(torch, dtype))]
    for _ in range(1 + steps):
        start = time.perf_counter()
        losses = model.train_step(data, optimizer)
        _synchronize()
        times.append(time.perf_counter() - start)
    rates.append(gemm_rate(getattr(torch, dtype)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return StepSpeed(name, batch, statistics.median(times[1:]), flops, max(rates), peak, float(losses['loss']))


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def as_row(speed: StepSpeed) -> dict[str, Any]:
    """The columns of the report."""
    return {
        'recipe': speed.name,
        'batch': str(speed.batch),
        'images/s': f'{speed.images_per_second:.2f}',
        's/step': f'{speed.seconds:.3f}',
        'GFLOPs/image': f'{speed.gflops_per_image:.2f}',
        'GEMM GFLOP/s': f'{speed.gemm_rate:.0f}',
        'share of GEMM rate': f'{speed.share_of_gemm_rate:.1%}',
        'peak RSS GiB': f'{speed.peak_rss:.2f}',
    }
