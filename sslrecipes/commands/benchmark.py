"""Speed of a recipe's training step, against the matrix-product rate of the same machine in the same run."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from rich.console import Console
from rich.table import Table

import sslrecipes.models  # noqa: F401  registers the components of recipes
from sslrecipes.commands.costs import step_cost
from sslrecipes.commands.launch import keep_freed_memory
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.loading import load_config
from sslrecipes.config.upstream import adopted
from sslrecipes.engine.hooks.step_hook import begin_step, end_step
from sslrecipes.errors import RunError
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


def benchmark(recipes: Sequence[str], batch: int, steps: int, dtype: str, threads: int | None) -> None:
    """Measure recipes, each in a process of its own, so that peak memory is its own, and print a table.

    Args:
        recipes: Config files.
        batch: See :func:`measure_step`, also for the rest.
        steps: Timed steps.
        dtype: Precision.
        threads: CPU threads.

    Raises:
        ConfigError: A recipe can't be read.
        RunError: A process ended without a result.
    """
    for recipe in recipes:
        load_config(recipe)
    print_speeds([_measured_apart(recipe, batch, steps, dtype, threads) for recipe in recipes])


def _measured_apart(recipe: str, *options: Any) -> StepSpeed:
    with ProcessPoolExecutor(1, get_context('spawn')) as process:
        try:
            return process.submit(_measure_recipe, recipe, *options).result()
        except BrokenProcessPool as error:
            raise RunError(f'The process that measured "{recipe}" was ended: is there memory for it?') from error


def _measure_recipe(recipe: str, *options: Any) -> StepSpeed:
    return measure_step(load_config(recipe), Path(recipe).stem, *options)


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


def measure_step(
    cfg: Config, name: str, batch: int, steps: int = 5, dtype: str = 'float32', threads: int | None = None
) -> StepSpeed:
    """Time the training step of a recipe on random images, with random weights in every part.

    It is a step in the middle of the training, whatever a method does before and after it included. SwAV's queue is
    used once it is full, which takes more steps than are timed.

    Args:
        cfg: Resolved recipe.
        name: What to call it.
        batch: Images per step.
        steps: Timed steps, after one that isn't.
        dtype: ``'float32'``, or the autocast type ``'bfloat16'`` or ``'float16'``.
        threads: CPU threads; all cores if not given.
    """
    keep_freed_memory()
    if threads:
        torch.set_num_threads(threads)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
        model = MODELS.build({'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}).to(get_device())
        optimizer = _optimizer(cfg, model, dtype)
    data, progress = synthetic_batch(cfg, batch), mid_run(cfg)
    cost = step_cost(model, partial(synthetic_batch, cfg), progress=progress)
    times, rates, losses = [], [gemm_rate(getattr(torch, dtype))], {}
    for _ in range(1 + steps):
        start = time.perf_counter()
        begin_step(model, optimizer, progress)
        losses = model.train_step(data, optimizer)
        end_step(model, optimizer)
        _synchronize()
        times.append(time.perf_counter() - start)
    rates.append(gemm_rate(getattr(torch, dtype)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    flops = (cost.flops + cost.step_flops / batch) / 1e9
    return StepSpeed(name, batch, statistics.median(times[1:]), flops, max(rates), peak, float(losses['loss'].detach()))


def _optimizer(cfg: Config, model: Any, dtype: str) -> Any:
    """The recipe's optimizer, in the asked precision and without gradient accumulation."""
    amp = {} if dtype == 'float32' else {'dtype': dtype}
    wrapper = {'type': f'sslrecipes.{"Amp" * bool(amp)}OptimWrapper', **amp}
    kept = {key: adopted(cfg).optim_wrapper.get(key) for key in ('optimizer', 'constructor', 'paramwise_cfg')}
    return build_optim_wrapper(model, wrapper | {key: value for key, value in kept.items() if value is not None})


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def print_speeds(speeds: Sequence[StepSpeed]) -> None:
    """Print a column per recipe; the last row compares each step's time per image with the first recipe's."""
    table = Table('', title='training step, optimizer included')
    for speed in speeds:
        table.add_column(speed.name, overflow='fold')
    rows: dict[str, Callable[[StepSpeed], str]] = {
        'batch': lambda s: str(s.batch),
        'images/s': lambda s: f'{s.images_per_second:.2f}',
        'seconds per step': lambda s: f'{s.seconds:.3f}',
        'GFLOPs per image': lambda s: f'{s.gflops_per_image:.2f}',
        'GEMM rate, GFLOP/s': lambda s: f'{s.gemm_rate:.0f}',
        'share of GEMM rate': lambda s: f'{s.share_of_gemm_rate:.1%}',
        'peak RSS, GiB': lambda s: f'{s.peak_rss:.2f}',
        'time against the first': lambda s: f'{speeds[0].images_per_second / s.images_per_second:.2f}',
    }
    for label, cell in rows.items():
        table.add_row(label, *(cell(speed) for speed in speeds))
    Console().print(table)
