"""List a part of a labelled image folder for a semi-supervised evaluation, the classes being equally represented.

python tools/make_subset.py data/imagenet/train --fraction 0.01 --out data/imagenet/subsets/1percent.txt
python tools/make_subset.py data/imagenet/train --list simclr_10percent.txt --out data/imagenet/subsets/10percent.txt

The second form takes over a list of SSLight or SimCLR, which is checked against the folder. With the same seed a
smaller part is contained in each larger one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sslrecipes.checkpoint.files.digest_file import digest_file
from sslrecipes.datasets.subset_lists import describe, locate, read_subset, write_subset
from sslrecipes.datasets.subsets import LeftOut, choose, equal_counts, fraction_counts, images_by_class
from sslrecipes.errors import exit_on_user_error
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.paths.user_paths import user_file


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=user_file, help='holds one subfolder per class')
    part = parser.add_mutually_exclusive_group(required=True)
    part.add_argument('--fraction', type=float, help='share of all images, e.g. 0.01; at least one image per class')
    part.add_argument('--per-class', type=int, help='images of each class')
    part.add_argument('--list', type=user_file, help='take the images of this list')
    parser.add_argument('--seed', type=int, default=0, help='which images are chosen (default: %(default)s)')
    parser.add_argument('--out', type=user_file, required=True, help='the list; its folder is made if necessary')
    return parser.parse_args(argv)


@exit_on_user_error
def main(argv: Sequence[str] | None = None) -> None:
    """Write a list and say what is in it."""
    args = parse_args(argv)
    left_out = LeftOut()
    images = images_by_class(args.folder, left_out)
    refuse_overwriting(_inputs(args, images), args.out, digest_file(args.out))
    if args.list:
        chosen = locate(read_subset(args.list), args.folder, args.list)
    elif args.per_class is not None:
        chosen = choose(images, equal_counts(images, args.per_class), args.seed)
    else:
        chosen = choose(images, fraction_counts(images, args.fraction), args.seed)
    write_subset(args.out, images, chosen)
    print(f'{args.out}: {describe(chosen)}')
    for sentence in left_out.sentences():
        print(sentence, file=sys.stderr)


def _inputs(args: argparse.Namespace, images: Mapping[str, Sequence[str]]) -> Iterator[Path]:
    yield from filter(None, [args.list])
    yield from (args.folder / name / file for name, files in images.items() for file in files)


if __name__ == '__main__':
    main()
