"""Does a run's memory grow? ``python tests/long/memory.py --steps 5000``.

A tiny real run of a recipe, with its hooks, logs and checkpoints; the resident memory of the training
process and its loader workers is sampled every 10 steps, and a line fitted to it after the warm-up.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.commands.launch import keep_freed_memory
from sslrecipes.config.loading import load_config
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.registry import HOOKS

ROOT = Path(__file__).resolve().parents[2]
RECIPE = 'configs/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'
LIMIT = 1.0  # MB per 1000 steps
SAMPLE_EVERY = 10


def tiny_recipes() -> Any:
    """Module ``tests/recipes/tiny.py``."""
    spec = importlib.util.spec_from_file_location('tiny_recipes', ROOT / 'tests' / 'recipes' / 'tiny.py')
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def megabytes() -> float:
    """Resident memory of this process and its children."""
    pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    pages = sum(int(Path(f'/proc/{pid}/statm').read_text().split()[1]) for pid in pids)
    return pages * resource.getpagesize() / 2**20


@HOOKS.register_module()
class MemoryHook(Hook):
    """Take samples of the resident memory."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.samples: list[tuple[int, float]] = []

    def after_train_iter(self, runner: Any, *_: Any, **__: Any) -> None:
        """Take a sample, and tell how far the run is."""
        step = runner.iter + 1
        if step % SAMPLE_EVERY == 0:
            self.samples.append((step, megabytes()))
        if step % 500 == 0 and sys.stderr.isatty():
            print(f'step {step}/{self.steps}  {self.samples[-1][1]:.1f} MB', file=sys.stderr)


def tiny_run(steps: int, checkpoint_every: int, workers: int, work_dir: str) -> Any:
    """Config of a run whose epochs have ``checkpoint_every`` steps."""
    tiny, cfg = tiny_recipes(), load_config(ROOT / RECIPE)
    hooks = dict(cfg.default_hooks)
    cfg = tiny.short_run(cfg, work_dir, workers=workers, accumulation=1)
    cfg.train_dataloader.dataset.indices = tiny.BATCH * checkpoint_every
    cfg.train_dataloader.persistent_workers = workers > 0
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = -(-steps // checkpoint_every)
    cfg.default_hooks = hooks
    cfg.default_hooks.update(checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2))
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=10)
    cfg.custom_hooks = [dict(type='MemoryHook', steps=steps)]
    return cfg


def run(steps: int, checkpoint_every: int, workers: int) -> list[tuple[int, float]]:
    """Train in this process and return (step, MB)."""
    torch.set_num_threads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as work_dir:
        runner = SSLRunner.from_cfg(tiny_run(steps, checkpoint_every, workers, work_dir))
        runner.train()
    return next(hook.samples for hook in runner.hooks if isinstance(hook, MemoryHook))


def slope(samples: list[tuple[int, float]], warm_up: int) -> float:
    """Least-squares slope after the warm-up, MB per 1000 steps."""
    steps, memory = np.array([sample for sample in samples if sample[0] > warm_up]).T
    return float(1000 * np.polyfit(steps, memory, 1)[0])


def measure(steps: int, checkpoint_every: int, workers: int, warm_up: int) -> float:
    """Train in a process of its own and return the slope of ``steps`` steps after the warm-up in MB per 1000 steps."""
    context = multiprocessing.get_context('fork')
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(run(warm_up + steps, checkpoint_every, workers)))
    child.start()
    sender.close()  # so that a child that fails ends the waiting
    samples = receiver.recv()
    child.join()
    return slope(samples, warm_up)


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--steps', type=int, default=5000)
    parser.add_argument('--checkpoint-every', type=int, default=500)
    parser.add_argument('--warm-up', type=int, default=2000, help='steps before those that count')
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 2])
    args = parser.parse_args()
    slopes = {workers: measure(args.steps, args.checkpoint_every, workers, args.warm_up) for workers in args.workers}
    figures = ', '.join(f'{figure:+.2f} with {workers} workers' for workers, figure in slopes.items())
    print(f'MB per 1000 steps over {args.steps} steps: {figures} (limit {LIMIT})')
    sys.exit(max(slopes.values()) > LIMIT)


if __name__ == '__main__':
    main()
