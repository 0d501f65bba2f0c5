"""What ``tools/train.py --dry-run`` does with a resolved config: a training up to its first batch, and a report."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import master_only
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from torch import Tensor, nn

from sslrecipes.commands.costs import StepCost, step_cost
from sslrecipes.commands.culprits import told
from sslrecipes.commands.launch import build_runner, missing_weights
from sslrecipes.commands.recipe_costs import USUAL_SIDE, relative_cost
from sslrecipes.commands.rehearsal import rehearse, scratch
from sslrecipes.commands.synthetic import mid_run
from sslrecipes.commands.train import verify_transfer
from sslrecipes.datasets.seeding import batch_size_of
from sslrecipes.engine.optimizers.moments import moments_kept
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.zoo.facts import facts

RELATIVE_COST = f'cost relative to {USUAL_SIDE} px'
BYTES = {'GiB': 2.0**30, 'MiB': 2.0**20, 'KiB': 2.0**10}
THOUSANDS = {'M': 1e6, 'k': 1e3}
OPERATIONS = {'G': 1e9, **THOUSANDS}


def dry_run(cfg: Config, verify: bool = False) -> None:
    """Do all that training does before its first batch, print what the run would be, and leave nothing behind.

    Weight files are needed only to ``verify`` them.
    """
    with told(cfg), scratch(cfg):
        missing = dict(missing_weights(cfg))
        runner = build_runner(cfg, 'train', needs_weights=verify)
        if verify:
            verify_transfer(runner)
        bare = deepcopy(unwrapped(runner.model))
        rehearse(runner, with_weights=not missing)
        print_report(runner, missing, bare)


def print_report(runner: SSLRunner, missing: Mapping[str, str] | None = None, model: nn.Module | None = None) -> None:
    """Print the recipe's facts, the cost of a step, and the shapes of the first batch, on which it is counted.

    Collective.

    Args:
        runner: The runner that would train.
        missing: Weight files that the run needs and that aren't there: place in the config -> file.
        model: Its model, before hooks added anything to it; by default as it is now.
    """
    batch = next(iter(runner.train_dataloader))
    model = unwrapped(runner.model) if model is None else model
    cost = step_cost(model, partial(first_images, batch), moments_kept(runner.optim_wrapper), mid_run(runner.cfg))
    stated = {key: str(value) for key, value in facts(runner.cfg).items()}
    rows = {
        **stated,
        **{key: value for key, value in scaled_lr(runner).items() if key in stated},
        **batch_of_run(runner, stated),
        **describe(cost, batch_size_of(runner.train_dataloader), relative_cost(runner.cfg)),
        **{f'MISSING {place}': file for place, file in (missing or {}).items()},
        'batches per epoch': str(len(runner.train_dataloader)),
        **{f'first batch: {name}': shape for name, shape in shapes(batch).items()},
    }
    if runner.val_loop is not None:
        judged = next(iter(runner.val_loop.dataloader))
        rows |= {f'first validation batch: {name}': shape for name, shape in shapes(judged).items()}
    print_rows(str(runner.cfg.filename or 'recipe'), rows)


def scaled_lr(runner: SSLRunner) -> dict[str, str]:
    """The learning rate that ``auto_scale_lr`` makes for this run's effective batch, and that of 256, if enabled."""
    auto = runner.cfg.get('auto_scale_lr') or {}
    if not auto.get('enable'):
        return {}
    batch = effective_batch(runner)
    lr, meant_for = runner.cfg.optim_wrapper.optimizer.lr, auto['base_batch_size']
    return {
        'lr': f'{lr * batch / meant_for:.6g} (scaled from batch {meant_for} to {batch})',
        'effective_batch': str(batch),
        'base_lr': f'{lr * 256 / meant_for:.6g}',
    }


def batch_of_run(runner: SSLRunner, stated: Mapping[str, str]) -> dict[str, str]:
    """The images of an optimizer step, unless they are ``stated``: with as many processes as the recipe's name says."""
    batch, processes = effective_batch(runner), runner.world_size
    if stated.get('effective_batch', str(batch)) == str(batch):
        return {}
    return {'batch of this run': f'{batch} ({processes} process{"es" if processes > 1 else ""})'}


def effective_batch(runner: SSLRunner) -> int:
    """Images of an optimizer step, over all processes."""
    return batch_size_of(runner.train_dataloader) * runner.world_size * runner.accumulative_counts


def describe(cost: StepCost, batch: int, relative: float | None = None) -> dict[str, str]:
    """Put the cost of a step of ``batch`` images per process into words, and ``relative`` to usual pictures."""
    activations = cost.activations * batch + cost.step_activations
    flops = cost.flops + cost.step_flops / batch
    unit, size = _unit(BYTES, cost.states + activations, cost.states, activations)
    thousands, count = _unit(THOUSANDS, cost.parameters, cost.trainable)
    magnitude, operations = _unit(OPERATIONS, flops)
    return {
        'parameters': f'{cost.parameters / count:.2f} {thousands} ({cost.trainable / count:.2f} {thousands} trained)',
        'FLOPs per image': (
            f'{flops / operations:.2f} {magnitude} (matrix products, convolutions and attention of '
            'all views and networks, forward and backward; queues as they are at first)'
        ),
        **({RELATIVE_COST: f'{relative:.4g}'} if relative else {}),
        'memory per process': (
            f'about {(cost.states + activations) / size:.2f} {unit} in fp32 at batch {batch}: '
            f'{cost.states / size:.2f} weights, buffers, gradients and moments, {activations / size:.2f} activations'
        ),
    }


def _unit(units: Mapping[str, float], whole: float, *parts: float) -> tuple[str, float]:
    """Return the largest unit in which the whole is at least 1 and no part of it reads 0.00 that isn't."""
    smallest = min(filter(None, (whole, *parts)), default=0)
    fitting = (unit for unit in units.items() if whole >= unit[1] and smallest >= unit[1] / 100)
    return next(fitting, list(units.items())[-1])


@master_only
def print_rows(title: str, rows: Mapping[str, str]) -> None:
    """Print a table of two columns."""
    table = Table(title=title, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow='fold')
    for key, value in rows.items():
        table.add_row(escape(key), escape(value))
    console = Console()
    if not console.is_terminal:  # a log file is wide enough for most paths
        console.width = 120
    console.print(table)


def first_images(batch: Any, count: int) -> Any:
    """Copy the first ``count`` images of a collated batch, whatever its nesting; a small batch is gone round again."""
    if isinstance(batch, dict):
        return {key: first_images(value, count) for key, value in batch.items()}
    if isinstance(batch, Tensor):
        return batch[torch.arange(count) % len(batch)]
    if isinstance(batch, (list, tuple)) and batch:
        if isinstance(batch[0], Tensor) and batch[0].ndim == 4:  # views
            return [first_images(view, count) for view in batch]
        return [deepcopy(batch[index % len(batch)]) for index in range(count)]  # preprocessors change samples
    return batch


def shapes(batch: Any, name: str = 'batch') -> dict[str, str]:
    """Describe every tensor of a collated batch: ``{name: 'shape dtype'}``."""
    if isinstance(batch, Tensor):
        return {name: f'{tuple(batch.shape)} {batch.dtype}'.replace('torch.', '')}
    if isinstance(batch, dict):
        return {key: text for part, value in batch.items() for key, text in shapes(value, str(part)).items()}
    if isinstance(batch, (list, tuple)) and batch and isinstance(batch[0], Tensor):
        if batch[0].ndim == 4:
            return {k: v for i, view in enumerate(batch) for k, v in shapes(view, f'{name}[{i}]').items()}
        return {name: f'{len(batch)} x {tuple(batch[0].shape)} {batch[0].dtype}'.replace('torch.', '')}
    return {}
