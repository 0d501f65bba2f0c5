"""List a part of a labelled image folder: the same number of each class, of some classes, or of all together.

python tools/make_subset.py data/imagenet/train --fraction 0.01 --out data/imagenet/subsets/1percent.txt
python tools/make_subset.py data/imagenet/train --per-class 10 --out data/imagenet/subsets/10-per-class.txt
python tools/make_subset.py data/imagenet/train --classes 10 --total 10000 --out 10-classes.txt
python tools/make_subset.py data/imagenet/train --total 50000 --out data/imagenet/subsets/50000.txt
python tools/make_subset.py data/imagenet/val --classes-of 10-classes.txt --fraction 1 --out 10-classes_val.txt
python tools/make_subset.py data/imagenet/train --list simclr_10percent.txt --out data/imagenet/subsets/10percent.txt

The last form takes over a list of SSLight or SimCLR, which is checked against the folder. With the same seed a
smaller part is contained in each larger one of its kind.
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
    part.add_argument('--total', type=int, help='images of all together; with --classes as many of each of these')
    part.add_argument('--list', dest='taken', type=user_file, help='take the images of this list')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--classes', type=int, help='draw so many classes, of those with enough images')
    which.add_argument('--classes-of', type=user_file, help='only the classes of this list')
    parser.add_argument('--seed', type=int, default=0, help='which images are chosen (default: %(default)s)')
    parser.add_argument('--out', type=user_file, required=True, help='the list; its folder is made if necessary')
    args = parser.parse_args(argv)
    if args.taken and (args.classes is not None or args.classes_of):
        parser.error('--list takes the images as they are listed: leave out --classes and --classes-of')
    return args


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Write a list and say what is in it."""
    args = vars(parse_args(argv))
    from sslrecipes.commands.make_subset import Part, make_subset

    folder, out, taken = (args.pop(name) for name in ('folder', 'out', 'taken'))
    make_subset(folder, out, Part(**args), taken)


if __name__ == '__main__':
    main()
