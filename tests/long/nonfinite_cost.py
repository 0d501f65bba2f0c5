"""What the look at losses and gradients costs: its share of the training step of MAE with a ViT-S at 224 px.

Steps with and without the guard alternate, and the guard's own part is timed by itself: the difference of whole steps
is smaller than their noise. Exit code 1 above ``--limit``.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.registry import DefaultScope

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.engine.hooks.nonfinite_hook import NonFiniteHook
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.registry import MODELS
from sslrecipes.zoo.config import load_config

RECIPE = Path(__file__).resolve().parents[2] / 'configs/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'
SMALL = {'model.backbone.arch': 'deit-small', 'model.neck.embed_dim': 384}


class TimedHook(NonFiniteHook):
    """Adds up the seconds it takes."""

    seconds = 0.0

    def before_train_iter(self, *args, **kwargs):
        start = time.perf_counter()
        super().before_train_iter(*args, **kwargs)
        self.seconds += time.perf_counter() - start

    def allows_step(self):
        start = time.perf_counter()
        allowed = super().allows_step()
        self.seconds += time.perf_counter() - start
        return allowed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--trials', type=int, default=5, help='steps of each kind')
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--limit', type=float, default=2.0, help='per cent')
    args = parser.parse_args()
    cfg = load_config(RECIPE, SMALL)
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        model = MODELS.build({'data_preprocessor': cfg.data_preprocessor, **cfg.model})
    wrapper = dict(type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer.to_dict())
    optim = ParamGroupsConstructor(wrapper, cfg.optim_wrapper.get('paramwise_cfg'))(model)
    runner = SimpleNamespace(optim_wrapper=optim, model=model, accumulative_counts=1, seed=0, iter=0)
    hook = TimedHook()
    hook.before_train(runner)
    batch = {'inputs': torch.randint(0, 256, (args.batch, 3, 224, 224), dtype=torch.uint8), 'data_samples': None}
    times = {True: [], False: []}
    own = []
    for trial in range(2 + 2 * args.trials):
        guarded = trial % 2 == 0
        optim.guard, hook.seconds = hook if guarded else None, 0.0
        start = time.perf_counter()
        if guarded:
            hook.before_train_iter(runner, 0, batch)
        model.train_step(batch, optim)
        times[guarded].append(time.perf_counter() - start)
        own.append(hook.seconds)
        print(f'\r{trial + 1}/{2 + 2 * args.trials}', end='', file=sys.stderr)
    guarded, free = (statistics.median(times[kind][1:]) for kind in (True, False))
    seconds = statistics.median(own[2::2])
    share = 100 * seconds / guarded
    print(
        f'\nguard: {1000 * seconds:.1f} ms of a step of {guarded:.2f} s = {share:.2f} % (batch {args.batch}, '
        f'{torch.get_num_threads()} threads; whole steps: {guarded:.2f} s with, {free:.2f} s without)'
    )
    sys.exit(share > args.limit)


if __name__ == '__main__':
    main()
