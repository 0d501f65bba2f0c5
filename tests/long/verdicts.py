"""Does the report of a run see what is wrong with it? Real runs of nano networks, each spoilt in one way.

    OMP_NUM_THREADS=1 python tests/long/verdicts.py /tmp/verdicts

Trains the quickstarts' nano networks on 32 px tiles of photographs for some hundred steps each, reports on them, and
prints the verdict beside what it must be. Runs that are in the folder already aren't trained again. Exit code 1 if a
verdict is wrong. The runs of ``tests/data/runs`` were made like this.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmcv.transforms import BaseTransform

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import load_config
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import RunError
from sslrecipes.registry import MODELS, TRANSFORMS
from sslrecipes.reports.contents import Finding
from sslrecipes.reports.report import judged_runs

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'quickstart'
RECIPES = {
    'mae': 'mae-priv-gap_vit-nano-p4_1xb64-coslr-8e_photo-tiles-32px.py',
    'dino': 'dino-sslight_resnet-nano_1xb128-coslr-10e_photo-tiles-32px.py',
}
SLOW = 'SlowStorage'


@TRANSFORMS.register_module(name=SLOW)
class SlowStorage(BaseTransform):
    """A disk that takes 20 ms for a picture."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Wait."""
        time.sleep(0.02)
        return results


@MODELS.register_module()
class MAEThatBreaks(MODELS.get('MAEPriv')):  # type: ignore[misc]
    """Its loss is NaN from the fiftieth step on."""

    steps = 0

    def loss(self, *args: Any, **kwargs: Any) -> dict[str, torch.Tensor]:
        """Break."""
        self.steps += 1
        losses: dict[str, torch.Tensor] = super().loss(*args, **kwargs)
        return losses if self.steps < 50 else {name: value * float('nan') for name, value in losses.items()}


@dataclass(frozen=True)
class Trial:
    """A run.

    Args:
        method: Key of :data:`RECIPES`.
        epochs: Its length, 36 steps each.
        changes: Of the config.
        lr_factor: Of the learning rate.
        slow: Whether its data come slowly.
        images: So many training images only.
        verdicts: Any of these must be the overall one.
        words: What the overall answer must say.
    """

    method: str
    epochs: int
    verdicts: tuple[str, ...]
    words: str
    changes: dict[str, Any] = field(default_factory=dict)
    lr_factor: float = 1.0
    slow: bool = False
    images: int | None = None


NO_CENTRE = {
    'model.freeze_last_layer_epochs': 0,
    'model.head.warmup_teacher_temp': 0.01,
    'model.head.teacher_temp': 0.01,
    'model.head.center_momentum': 1.0,
}
EXPLODING = dict(type='SGD', lr=30.0, momentum=0.9)
BAD, OPEN, GOOD = ('bad',), ('unclear',), ('good',)
LR_CHANGED = 'learning rate'
TRIALS = {
    'healthy': Trial('dino', 3, GOOD, 'k-NN'),
    'healthy_mae': Trial('mae', 8, ('good', 'unclear'), 'its loss fell'),
    'collapsed': Trial('dino', 3, BAD, 'collapsed', NO_CENTRE),
    'diverged': Trial('mae', 6, BAD, 'not finite', {'optim_wrapper.optimizer': EXPLODING}),
    'not_finite': Trial('mae', 3, BAD, 'not finite', {'model.type': 'MAEThatBreaks'}),
    'starved': Trial('mae', 2, OPEN, 'waits for data', slow=True, images=1280),
    'too_short': Trial('dino', 1, OPEN, 'optimizer steps', images=5 * 128),
    'lr_too_high': Trial('mae', 6, BAD, LR_CHANGED, lr_factor=100),
    'lr_too_low': Trial('mae', 6, BAD, LR_CHANGED, lr_factor=1e-3),
}


def train(trial: Trial, folder: Path) -> None:
    """Train."""
    torch.set_num_threads(1)
    cfg = load_config(CONFIGS / RECIPES[trial.method])
    cfg.train_dataloader.batch_size = 128
    for place, value in trial.changes.items():
        _set(cfg, place, value)
    cfg.optim_wrapper.optimizer.lr *= trial.lr_factor
    dataset = cfg.train_dataloader.dataset
    if trial.images:
        dataset.indices = trial.images
    if trial.method == 'dino':
        dataset.pipeline[0].num_locals = 2
    if trial.slow:
        dataset.pipeline.insert(0, dict(type=SLOW))
    cfg.train_cfg.max_epochs = trial.epochs
    cfg.param_scheduler.warmup_epochs = min(1, trial.epochs - 1)
    cfg.default_hooks.collapse = dict(type='CollapseHook', interval=10)
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=6)
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
    cfg.update(work_dir=str(folder), log_level='INFO', custom_hooks=[])
    try:
        SSLRunner.from_cfg(cfg).train()
    except RunError as error:
        print(f'{folder.name}: {error}')


def _set(cfg: Any, place: str, value: Any) -> None:
    *outer, last = place.split('.')
    for name in outer:
        cfg = cfg[name]
    if isinstance(value, dict):
        cfg.pop(last, None)
    cfg[last] = value


def is_right(trial: Trial, finding: Finding) -> bool:
    """Whether the overall answer is what it must be."""
    return finding.verdict in trial.verdicts and trial.words in finding.answer


def main() -> int:
    """Train, report, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--only', nargs='+', choices=list(TRIALS), default=list(TRIALS))
    parser.add_argument('--images', type=int, default=600, help='for k-NN')
    args = parser.parse_args()
    wrong = 0
    for name in args.only:
        start = time.monotonic()
        if not (args.folder / name).exists():
            train(TRIALS[name], args.folder / name)
        finding = judged_runs([args.folder / name], images=args.images)[0].findings[0]
        right = is_right(TRIALS[name], finding)
        wrong += not right
        mark = 'ok   ' if right else 'WRONG'
        print(f'{mark} {name} ({time.monotonic() - start:.0f} s): {finding.verdict}. {finding.answer}', flush=True)
    print(f'{len(args.only) - wrong} of {len(args.only)} verdicts are right')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
