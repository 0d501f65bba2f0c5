"""What reliability costs: shares of the training step of MAE with a ViT-S at 224 px.

    OMP_NUM_THREADS=2 python tests/long/step_costs.py

Each part is timed by itself, in the same process as the step: the difference of whole steps is smaller than their
noise. Checkpoints are counted at one per ``--interval`` steps. Exit code 1 above ``--limit`` per cent in all.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import torch
from mmengine.registry import DefaultScope

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.checkpoint.files.sealing import verify
from sslrecipes.checkpoint.files.writing import BackgroundWriter, save_torch
from sslrecipes.commands.launch import keep_freed_memory
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.seeding import SeededDataset
from sslrecipes.engine.hooks.nonfinite_hook import NonFiniteHook
from sslrecipes.engine.loops import seed_generators
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.registry import MODELS

RECIPE = Path(__file__).resolve().parents[2] / 'configs/mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py'
SMALL = {'model.backbone.arch': 'deit-small', 'model.neck.embed_dim': 384}
REPEATS = 200


class TimedHook(NonFiniteHook):
    """Adds up the seconds it takes."""

    seconds = 0.0

    def before_train_iter(self, *args, **kwargs):
        self.seconds += timed(lambda: super(TimedHook, self).before_train_iter(*args, **kwargs))

    def allows_step(self):
        start = time.perf_counter()
        allowed = super().allows_step()
        self.seconds += time.perf_counter() - start
        return allowed


class Nothing:
    """A data set whose samples cost nothing."""

    def __getitem__(self, index):
        return index


def timed(action):
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def build(cfg):
    """Model and optimizer of the recipe, in float32."""
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        model = MODELS.build({'data_preprocessor': cfg.data_preprocessor, **cfg.model})
    wrapper = dict(type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer.to_dict())
    return model, ParamGroupsConstructor(wrapper, cfg.optim_wrapper.get('paramwise_cfg'))(model)


def time_steps(model, optim, batch, steps):
    """Median seconds of a step, and of the guard in it."""
    hook = TimedHook()
    runner = SimpleNamespace(optim_wrapper=optim, model=model, accumulative_counts=1, seed=0, iter=0)
    hook.before_train(runner)
    optim.guard = hook
    whole, own = [], []
    for step in range(1 + steps):
        hook.seconds = 0.0

        def take():
            hook.before_train_iter(runner, 0, batch)
            model.train_step(batch, optim)

        whole.append(timed(take))
        own.append(hook.seconds)
        print(f'\rstep {step}/{steps}', end='', file=sys.stderr)
    return statistics.median(whole[1:]), statistics.median(own[1:])


def time_sample_seeds(batch):
    """Seconds for the seeds of a batch of samples."""
    dataset = SeededDataset(Nothing(), seed=0)
    draws = list(range(batch))
    return statistics.median(timed(lambda: dataset.__getitems__(draws)) for _ in range(REPEATS))


def time_checkpoint(state):
    """Size in MB; seconds to write and read back a checkpoint, and that the background variant holds the step up."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'epoch_1.pth'
        saving = statistics.median(timed(lambda: save_torch(path, state)) for _ in range(3))
        checking = statistics.median(timed(lambda: verify(path)) for _ in range(3))
        writer, blocked = BackgroundWriter(), []
        for _ in range(3):
            blocked.append(timed(lambda: writer.write(path, state)))
            writer.wait()
        return path.stat().st_size / 1e6, saving + checking, statistics.median(blocked)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--steps', type=int, default=5)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--interval', type=int, default=100, help='steps between checkpoints')
    parser.add_argument('--limit', type=float, default=2.0, help='per cent')
    args = parser.parse_args()
    keep_freed_memory()
    model, optim = build(load_config(RECIPE, SMALL))
    batch = {'inputs': torch.randint(0, 256, (args.batch, 3, 224, 224), dtype=torch.uint8), 'data_samples': None}
    step, guard = time_steps(model, optim, batch, args.steps)
    size, saving, background = time_checkpoint({'state_dict': model.state_dict(), 'optimizer': optim.state_dict()})
    parts = {
        'seeds of the samples': time_sample_seeds(args.batch),
        'seed of the step': statistics.median(timed(lambda: seed_generators(0, 1)) for _ in range(REPEATS)),
        'look at loss and gradients': guard,
        f'checkpoint of {size:.0f} MB, read back, every {args.interval} steps': saving / args.interval,
    }
    print(f'\rMAE ViT-S, batch {args.batch}, float32, {torch.get_num_threads()} threads: {step:.2f} s per step')
    for name, seconds in parts.items():
        print(f'{1000 * seconds:9.2f} ms  {100 * seconds / step:6.3f} %  {name}')
    print(f'one checkpoint: {saving:.2f} s; written in the background it holds the step up for {background:.3f} s')
    total = 100 * sum(parts.values()) / step
    print(f'{1000 * sum(parts.values()):9.2f} ms  {total:6.3f} %  in all')
    return int(total > args.limit)


if __name__ == '__main__':
    sys.exit(main())
