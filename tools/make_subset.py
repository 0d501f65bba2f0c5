"""List a part of a labelled image folder for a semi-supervised evaluation, the classes being equally represented.

python tools/make_subset.py data/imagenet/train --fraction 0.01 --out data/imagenet/subsets/1percent.txt
python tools/make_subset.py data/imagenet/train --list simclr_10percent.txt --out data/imagenet/subsets/10percent.txt

The second form takes over a list of SSLight or SimCLR, which is checked against the folder. With the same seed a
smaller part is contained in each larger one.
"""

import argparse
from collections.abc import Sequence

import sslrecipes  # noqa: F401  mends the OpenMMLab stack before anything else is imported
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.user_paths import user_file


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=user_file, help='holds one subfolder per class')
    part = parser.add_mutually_exclusive_group(required=True)
    part.add_argument('--fraction', type=float, help='share of all images, e.g. 0.01; at least one image per class')
    part.add_argument('--per-class', type=int, help='images of each class')
    part.add_argument('--list', dest='taken', type=user_file, help='take the images of this list')
    parser.add_argument('--seed', type=int, default=0, help='which images are chosen (default: %(default)s)')
    parser.add_argument('--out', type=user_file, required=True, help='the list; its folder is made if necessary')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Write a list and say what is in it."""
    args = parse_args(argv)
    from sslrecipes.commands.make_subset import make_subset

    make_subset(**vars(args))


if __name__ == '__main__':
    main()
