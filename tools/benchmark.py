"""Measure the training step of recipes against the matrix-product rate of the same run: ``tools/benchmark.py``.

Each recipe runs in a process of its own, so that peak memory is its own; the rates are measured in that process too.
``tools/benchmark.py data`` measures the multi-crop views instead, see ``tools/benchmark.py data --help``.
"""

import argparse
import os
import sys
from pathlib import Path

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
RECIPES = (
    CONFIGS / 'mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py',
    CONFIGS / 'tec/tec-mae_vit-base-p16_8xb256-accum2-amp-coslr-300e_in1k.py',
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'recipes', nargs='*', type=user_path, default=[str(path) for path in RECIPES], help='config files'
    )
    parser.add_argument('--batch', type=int, default=16, help='images per step')
    parser.add_argument('--steps', type=int, default=5, help='timed steps; the median counts')
    parser.add_argument('--dtype', choices=['float32', 'bfloat16', 'float16'], default='float32')
    parser.add_argument('--threads', type=int, default=os.cpu_count())
    return parser.parse_args(argv)


def parse_data_args(argv: list[str]) -> argparse.Namespace:
    """Parse the command line behind ``data``."""
    parser = argparse.ArgumentParser(
        prog='benchmark.py data',
        description='Images per second and core of multi-crop views, against decoding alone and plain torchvision.',
    )
    parser.add_argument(
        'config', nargs='?', type=user_path, help="recipe with MultiCrop (default: MultiCrop's own defaults)"
    )
    parser.add_argument(
        '--images', type=user_path, help='folder of images (default: embedded photographs as JPEG, 500 x 375)'
    )
    parser.add_argument('--seconds', type=float, default=20.0, help='how long to measure (default: 20)')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Benchmark."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ['data']:
        options = parse_data_args(argv[1:])
        from sslrecipes.commands.data_benchmark import benchmark_data

        benchmark_data(**vars(options))
    else:
        options = parse_args(argv)
        from sslrecipes.commands.benchmark import benchmark

        benchmark(**vars(options))


if __name__ == '__main__':
    main()
