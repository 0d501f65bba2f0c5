"""Run a step whose loss or gradient wasn't finite again: ``python tools/replay.py RUN/nonfinite/iter_I_rank_R.pth``.

Needs one CPU, no data set. Exit code 0: reproduced to the last bit; 1: not; 2: the file can't be used.
"""

import argparse
import sys

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_path


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('file', type=user_path, help='what the run saved')
    parser.add_argument('--config', type=user_path, help='recipe whose model to build (default: what the file says)')
    parser.add_argument('--device', default='cpu', help='where to run; masks drawn on a GPU need one (default: cpu)')
    parser.add_argument('--images', type=user_path, help='picture of the images to write, such as batch.png')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: list[str] | None = None) -> None:
    """Replay and report."""
    args = parse_args(argv)
    from sslrecipes.commands.replay import print_replay

    sys.exit(0 if print_replay(**vars(args)) else 1)


if __name__ == '__main__':
    main()
