"""A part of a labelled image folder, as a list: what ``tools/make_subset.py`` does."""

from __future__ import annotations

import sys
from pathlib import Path

from sslrecipes.checkpoint.files.digest_file import digest_file
from sslrecipes.datasets.subset_lists import describe, locate, read_subset, write_subset
from sslrecipes.datasets.subsets import LeftOut, choose, equal_counts, fraction_counts, images_by_class
from sslrecipes.paths.overwriting import refuse_overwriting


def make_subset(
    folder: Path,
    out: Path,
    *,
    fraction: float | None = None,
    per_class: int | None = None,
    taken: Path | None = None,
    seed: int = 0,
) -> None:
    """Write a list and print what is in it.

    Args:
        folder: Holds one subfolder per class.
        out: The list; its folder is made if necessary.
        fraction: Share of all images.
        per_class: Images of each class, instead of a share.
        taken: A list whose images are taken, instead of either.
        seed: Which images are chosen.

    Raises:
        DataError: The folder or the list isn't as it must be, or has too few images.
        StorageError: ``out`` is read, or can't be written.
    """
    left_out = LeftOut()
    images = images_by_class(folder, left_out)
    every = (folder / name / file for name, files in images.items() for file in files)
    refuse_overwriting([*filter(None, [taken]), *every], out, digest_file(out))
    if taken:
        chosen = locate(read_subset(taken), folder, taken)
    elif per_class is not None:
        chosen = choose(images, equal_counts(images, per_class), seed)
    else:
        assert fraction is not None
        chosen = choose(images, fraction_counts(images, fraction), seed)
    write_subset(out, images, chosen)
    print(f'{out}: {describe(chosen)}')
    for sentence in left_out.sentences():
        print(sentence, file=sys.stderr)
