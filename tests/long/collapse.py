"""Does ``CollapseHook`` flag networks that are made to collapse, and leave healthy ones alone?

    OMP_NUM_THREADS=1 python tests/long/collapse.py --jobs 2

The quickstarts' nano networks on 32 px tiles of photographs, with fewer views and images per step. Each forced
collapse must be flagged within ``--steps`` steps, no healthy run (each method with each of ``--seeds`` seeds) may be.
Settings that are often said to collapse but don't always are run, too, and not judged. Exit code 1 if the guarantee is
broken.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.config.loading import load_config
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import RunError
from sslrecipes.models.heads.dino_head import DINOHead
from sslrecipes.models.heads.swav_head import SwAVHead
from sslrecipes.models.losses.view_cross_entropy import swapped_cross_entropy
from sslrecipes.models.losses.view_weights import NUM_GLOBALS
from sslrecipes.registry import DATASETS, MODELS

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'quickstart'
RECIPES = {
    'MAE': 'mae_vit-nano-p16_1xb64-coslr-20e_photo-tiles-96px.py',
    'TEC': 'tec-mae_vit-nano-p16_1xb64-coslr-16e_photo-tiles-96px.py',
    'DINO': 'dino-baseline_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py',
    'SwAV': 'swav-baseline_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py',
    'MoCo': 'moco-baseline_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py',
}

BASE_STEPS = 400
"""Steps of the MAE that TEC is built on."""


@MODELS.register_module()
class DINOHeadWithoutStopGradient(DINOHead):
    """The student is its own teacher, and targets pass gradients."""

    def loss(self, student: torch.Tensor, teacher: torch.Tensor, num_views: int, epoch: int) -> torch.Tensor:
        """Compare the student with itself."""
        views = student.unflatten(0, (num_views, -1))
        targets = ((views[:NUM_GLOBALS] - self.center) / self.teacher_temperature(epoch)).softmax(dim=-1)
        self.show('assignment', targets.flatten(0, 1))
        self._move_center(views[:NUM_GLOBALS].detach().flatten(0, 1))
        return swapped_cross_entropy(targets, views / self.student_temp, self.weights)


@MODELS.register_module()
class SwAVHeadWithoutSinkhorn(SwAVHead):
    """Codes are the softmax of the scores: nothing spreads them over the prototypes."""

    @torch.no_grad()
    def assign(self, embedding: Any, scores: torch.Tensor, prototypes: Any, epoch: int) -> torch.Tensor:
        """Sharpen."""
        return (scores / self.epsilon).softmax(dim=-1)


@dataclass(frozen=True)
class Trial:
    """A run.

    Args:
        name: What is wrong with it.
        method: Key of :data:`RECIPES`.
        changes: Of the config.
        lr_factor: Of the learning rate.
        expected: Whether the hook must flag it; None if that isn't judged.
        seed: Seed.
    """

    name: str
    method: str
    changes: dict[str, Any] = field(default_factory=dict)
    lr_factor: float = 1.0
    expected: bool | None = True
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """What happened.

    Args:
        flagged_at: Step after which the hook stopped the run; None if it didn't.
        remark: Why another hook stopped it, if one did.
        std: Least standard deviation that was seen.
        rank: Least effective rank.
        entropy: Least entropy of the mean assignment, NaN if there is none.
    """

    flagged_at: int | None
    remark: str
    std: float
    rank: float
    entropy: float


THAWED_DINO = {'model.freeze_last_layer_epochs': 0}
COLD_DINO = {'model.head.warmup_teacher_temp': 0.01, 'model.head.teacher_temp': 0.01}
FORCED = [
    *(Trial('lr x 100', method, lr_factor=100) for method in RECIPES),
    Trial('no centring', 'DINO', {**THAWED_DINO, **COLD_DINO, 'model.head.center_momentum': 1.0}),
    Trial(
        'no stop-gradient',
        'DINO',
        {**THAWED_DINO, **COLD_DINO, 'model.head.type': 'DINOHeadWithoutStopGradient'},
    ),
    Trial('no Sinkhorn', 'SwAV', {'model.freeze_prototypes_epochs': 0, 'model.head.type': 'SwAVHeadWithoutSinkhorn'}),
]
CURIOUS = [
    Trial('teacher = student', 'DINO', {**THAWED_DINO, 'model.base_momentum': 0.0}, expected=None),
    Trial('key = query encoder', 'MoCo', {'model.momentum': 0.0}, expected=None),
    Trial('lr x 1000', 'MAE', lr_factor=1000, expected=None),
    Trial('lr x 1000', 'TEC', lr_factor=1000, expected=None),
]


def config_of(trial: Trial, steps: int, batch: int, work_dir: str, base: str | None) -> Any:
    """Config of a short run that stops when its network collapses."""
    cfg = load_config(CONFIGS / RECIPES[trial.method])
    cfg.merge_from_dict(trial.changes)
    cfg.optim_wrapper.optimizer.lr *= trial.lr_factor
    cfg.train_dataloader.batch_size = batch
    if trial.method in ('DINO', 'SwAV', 'MoCo'):
        cfg.train_dataloader.dataset.pipeline[0].num_locals = 2
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg.pop(key, None)
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 4
    cfg.param_scheduler.warmup_epochs = 1
    dataset = cfg.train_dataloader.dataset
    images = steps * batch // cfg.train_cfg.max_epochs
    whole = DATASETS.build({**dataset, 'pipeline': []})
    dataset.indices = np.linspace(0, len(whole) - 1, images).astype(int).tolist()
    if trial.method == 'TEC':
        cfg.model.target_generator.checkpoint = base
    cfg.custom_hooks = [dict(type='CollapseHook', policy='stop', interval=max(1, steps // 10))]
    cfg.default_hooks.checkpoint = None
    cfg.randomness.seed = trial.seed
    cfg.update(work_dir=work_dir, log_level='ERROR')
    cfg.visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
    return cfg


def pretrain_base(steps: int, batch: int, folder: str) -> str:
    """Train the MAE that TEC is built on: features of random weights teach next to nothing."""
    runner = SSLRunner.from_cfg(config_of(Trial('base', 'MAE'), steps, batch, folder, None))
    runner.train()
    return str(save_torch(Path(folder) / 'base.pth', {'state_dict': runner.model.state_dict()}))


def run(trial: Trial, steps: int, batch: int, base: str | None = None) -> Outcome:
    """Train."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as work_dir:
        runner = SSLRunner.from_cfg(config_of(trial, steps, batch, work_dir, base))
        stopped = ''
        try:
            runner.train()
        except RunError as error:
            stopped = str(error)
    seen = runner.message_hub.log_scalars
    names = [f'collapse/{name}' for name in ('std', 'rank', 'assignment_entropy')]
    least = [float(seen[name].data[0].min()) if name in seen else float('nan') for name in names]
    flagged = 'has collapsed' in stopped
    return Outcome(runner.iter if flagged else None, '' if flagged else stopped.partition(';')[0], *least)


def run_all(trials: list[Trial], steps: int, batch: int, jobs: int) -> Iterator[tuple[Trial, Outcome]]:
    """Yield the outcomes as they come, each from a process of its own."""
    context = multiprocessing.get_context('spawn')
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool,
    ):
        needed = any(trial.method == 'TEC' for trial in trials)
        base = pool.submit(pretrain_base, BASE_STEPS, batch, folder).result() if needed else None
        futures = {pool.submit(run, trial, steps, batch, base): trial for trial in trials}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line."""
    what = f'flagged after {outcome.flagged_at} steps' if outcome.flagged_at else outcome.remark or 'not flagged'
    least = f'least std {outcome.std:.3f}, rank {outcome.rank:.2f}, entropy {outcome.entropy:.3f}'
    return f'{trial.method:5s} seed {trial.seed} {trial.name:20s} {what}; {least}'


def is_wrong(trial: Trial, outcome: Outcome) -> bool:
    """Whether the hook did what it must not."""
    return trial.expected is not None and trial.expected != (outcome.flagged_at is not None)


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--steps', type=int, default=200)
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--seeds', type=int, default=4, help='healthy runs of each method')
    parser.add_argument('--methods', nargs='+', default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time')
    args = parser.parse_args()
    healthy = [Trial('healthy', method, expected=False, seed=seed) for method in RECIPES for seed in range(args.seeds)]
    trials = [trial for trial in FORCED + CURIOUS + healthy if trial.method in args.methods]
    wrong = []
    start = time.monotonic()
    for done, (trial, outcome) in enumerate(run_all(trials, args.steps, args.batch, args.jobs), start=1):
        wrong += [trial] if is_wrong(trial, outcome) else []
        left = (time.monotonic() - start) / done * (len(trials) - done)
        mark = 'WRONG' if is_wrong(trial, outcome) else ' ' if trial.expected is None else 'ok'
        print(f'[{done:2d}/{len(trials)}, {left / 60:4.1f} min left] {mark:5s} {describe(trial, outcome)}', flush=True)
    forced = [trial for trial in trials if trial.expected]
    missed = sum(trial.expected is True for trial in wrong)
    alarms = len(wrong) - missed
    print(
        f'{len(forced) - missed} of {len(forced)} forced collapses flagged within {args.steps} steps, '
        f'{alarms} false alarms in {len(trials) - len(forced) - sum(t.expected is None for t in trials)} healthy runs'
    )
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
