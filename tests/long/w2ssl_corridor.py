"""First step of W2SSL's published recipe on real photographs, beside the published log; minutes at 512 images.

    OMP_NUM_THREADS=2 python tests/long/w2ssl_corridor.py [--images 512] [--seeds 1 2]

The network begins at random, so the loss of contents is that of random features: 8.571 (ln(4n - 1) + d) for n images, d
being about 0.2. The log, of 512 images, has 67.405, 67.428 and 67.513. Its losses of positions, 0.729, 0.789 and 0.857,
depend on the classifier that was drawn: with 16 images 0.75 to 0.82 for seeds 1 to 5, 1.13 for seed 0.
Exit code 1 outside the corridor d = 0.2 ± 0.12 or, of positions, 0.6 to 1.
"""

import argparse
import logging
import math
import random
import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose, default_collate
from mmengine.registry import DefaultScope

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.photo_tiles import evenly_spread, load_photographs
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS

RECIPE = Path(__file__).resolve().parents[2] / 'configs/w2ssl/w2ssl_resnet50_4xb128-amp-coslr-200e_in1k.py'
IMAGENET = 1281167
TILE, STRIDE = 200, 40
D, TOLERANCE, WHERE = 0.2, 0.12, (0.6, 1.0)


def photographs(count):
    """``count`` pictures: the embedded photographs, or if these are too few, overlapping parts of them."""
    whole = [*load_photographs().values()]
    if count <= len(whole):
        return whole[:count]
    parts = [
        photo[top : top + TILE, left : left + TILE]
        for photo in whole
        for top in range(0, photo.shape[0] - TILE + 1, STRIDE)
        for left in range(0, photo.shape[1] - TILE + 1, STRIDE)
    ]
    return evenly_spread(parts, count)


def seed_all(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@torch.no_grad()
def first_losses(count, seed=1):
    """Losses of the first step in float32, of one process that has the whole batch."""
    cfg = load_config(RECIPE)
    seed_all(seed)
    pipeline = Compose(cfg.train_dataloader.dataset.pipeline[1:])
    samples = [pipeline({'img': photo.copy(), 'img_path': ''}) for photo in photographs(count)]
    model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor)).train()
    model.init_weights()
    model.begin_step(Progress(0, steps_per_epoch(cfg), cfg.train_cfg.max_epochs))
    losses = model(**model.data_preprocessor(default_collate(samples), training=True), mode='loss')
    return {name: float(value) for name, value in losses.items()}


def steps_per_epoch(cfg, gpus=4):
    """Whole batches of ImageNet's training images."""
    return IMAGENET // (gpus * cfg.train_dataloader.batch_size)


def first_learning_rate(cfg):
    """Of the first step."""
    layer = torch.nn.Linear(1, 1)
    layer.is_init = True
    optimizer = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer))(
        layer
    ).optimizer
    schedule = {**cfg.param_scheduler, 'epochs': cfg.train_cfg.max_epochs, 'epoch_length': steps_per_epoch(cfg)}
    PARAM_SCHEDULERS.get(schedule.pop('type'))(optimizer, **schedule)
    return {group['lr'] for group in optimizer.param_groups}


def excess(loss_what, count):
    """The d of ``8.571 (ln(4n - 1) + d)``."""
    return loss_what / (2 * 0.3 / 0.07) - math.log(4 * count - 1)


def is_inside(losses, count):
    """Whether both losses are in the corridor."""
    return abs(excess(losses['loss_what'], count) - D) <= TOLERANCE and WHERE[0] <= losses['loss_where'] <= WHERE[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--images', type=int, default=512)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1])
    args = parser.parse_args()
    logging.disable(logging.INFO)  # how each tensor was initialised
    cfg, good = load_config(RECIPE), True
    print(f'learning rate {first_learning_rate(cfg)}, {steps_per_epoch(cfg)} steps per epoch')
    for seed in args.seeds:
        with DefaultScope.overwrite_default_scope('sslrecipes'):
            losses = first_losses(args.images, seed)
        good &= is_inside(losses, args.images)
        d = excess(losses['loss_what'], args.images)
        print(
            f'seed {seed}: what {losses["loss_what"]:.3f} (d = {d:.3f}), where {losses["loss_where"]:.3f}', flush=True
        )
    sys.exit(not good)


if __name__ == '__main__':
    main()
