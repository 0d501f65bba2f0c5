"""Look at every image of a folder before a training does: bad, tiny and double images, classes, sizes, decode rate.

python tools/check_data.py data/imagenet --workers 16 --out bad_images.txt

Subfolders stand for classes, "train" and "val" for splits. Exit code: 0 nothing wrong, 1 bad, tiny or double images or
empty classes, 2 wrong arguments.
"""

import argparse
import os
import sys
from collections.abc import Sequence

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=user_file)
    cores = len(os.sched_getaffinity(0))
    parser.add_argument('--workers', type=int, default=cores, help='processes (default: cores, here %(default)s)')
    parser.add_argument('--min-side', type=int, default=32, help='shorter images are tiny (default: %(default)s)')
    parser.add_argument('--max-pixels', type=int, help='larger images are bad (default: those that training refuses)')
    parser.add_argument(
        '--out', type=user_file, help='write .json: everything; else: a line "path TAB reason" per file'
    )
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Scan a folder and print what was found."""
    args = parse_args(argv)
    from sslrecipes.commands.check_data import check_data

    sys.exit(0 if check_data(**vars(args)) else 1)


if __name__ == '__main__':
    main()
