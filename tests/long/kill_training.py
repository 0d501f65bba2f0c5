"""Kill runs at random moments, resume them, compare them with runs left alone.

python tests/long/kill_training.py --trials 50
"""

import argparse
import importlib.util
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.config.kinds import recipes_below
from sslrecipes.config.loading import load_config

ROOT = Path(__file__).resolve().parents[2]
ROUND = 10  # kills of one run; then the run is compared, and another one begins


def load(name):
    """Load a module of ``tests/recipes``."""
    spec = importlib.util.spec_from_file_location(name, ROOT / 'tests/recipes' / f'{name}.py')
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recipe_of(method):
    """Config of a recipe that trains ``method``."""
    for cfg in map(load_config, recipes_below(ROOT)):
        if cfg.get('train_cfg') and cfg.model.type == method:
            return cfg
    sys.exit(f'error: no recipe trains "{method}"')


def main():
    """Print one line per method and number of workers; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('methods', nargs='*', default=['MAE', 'TEC', 'DINO', 'SwAV', 'MoCo'])
    parser.add_argument('--trials', type=int, default=50, help='kills per method and number of workers')
    args = parser.parse_args()
    torch.set_num_threads(1)
    tiny, restarting = load('tiny'), load('restarting')
    broken = False
    for method in args.methods:
        cfg = recipe_of(method)
        for workers in (0, 2):
            start, worst, positions = time.monotonic(), 0.0, []
            while len(positions) < args.trials:
                with tempfile.TemporaryDirectory() as folder:
                    kills = min(ROUND, args.trials - len(positions))
                    outcome = restarting.kill_and_resume(
                        tiny.short_run(cfg, folder, workers), kills, seed=1000 * workers + len(positions)
                    )
                positions += outcome.positions
                worst = max(worst, outcome.difference)
                print(f'\r{method}, {workers} workers: {len(positions)}/{args.trials}', end='', file=sys.stderr)
            broken |= worst > 0
            spread = ', '.join(f'{name.removesuffix(".pth")} {n}' for name, n in sorted(Counter(positions).items()))
            print(
                f'\r{method}, {workers} workers: {len(positions)} kills, max. abs. difference {worst} '
                f'({time.monotonic() - start:.0f} s; newest checkpoint at the kill: {spread})',
                flush=True,
            )
    return int(broken)


if __name__ == '__main__':
    sys.exit(main())
