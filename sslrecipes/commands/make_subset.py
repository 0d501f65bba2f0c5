"""A part of a labelled image folder, as a list: what ``tools/make_subset.py`` does."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sslrecipes.checkpoint.files.digest_file import digest_file
from sslrecipes.datasets.subset_lists import describe, locate, read_subset, write_subset
from sslrecipes.datasets.subsets import (
    LeftOut,
    choose,
    choose_classes,
    choose_of_all,
    equal_counts,
    fraction_counts,
    images_by_class,
    share_of_class,
)
from sslrecipes.errors import DataError, did_you_mean
from sslrecipes.paths.overwriting import refuse_overwriting

Images = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Part:
    """Which part of a folder is wanted; one of the first three is given.

    Attributes:
        fraction: Share of all images.
        per_class: Images of each class.
        total: Images of all together, or with ``classes`` of these together, each having as many.
        classes: How many classes, drawn at random; all if not given.
        classes_of: A list whose classes are taken.
        seed: Which images and classes are chosen.
    """

    fraction: float | None = None
    per_class: int | None = None
    total: int | None = None
    classes: int | None = None
    classes_of: Path | None = None
    seed: int = 0

    def choose(self, images: Images) -> dict[str, list[str]]:
        """Choose from all images; classes without any are left out.

        Raises:
            DataError: There are too few classes or images.
        """
        per_class = self._per_class()
        if self.classes_of:
            images = _classes_of(self.classes_of, images)
        if self.classes is not None:
            images = choose_classes(images, self.classes, per_class or 1, self.seed)
        if per_class is not None:
            return choose(images, equal_counts(images, per_class), self.seed)
        if self.fraction is not None:
            return choose(images, fraction_counts(images, self.fraction), self.seed)
        assert self.total is not None
        return choose_of_all(images, self.total, self.seed)

    def _per_class(self) -> int | None:
        if self.total is not None and self.classes is not None:
            return share_of_class(self.total, self.classes)
        return self.per_class


def _classes_of(path: Path, images: Images) -> Images:
    """Keep the classes that the list ``path`` names."""
    names = {image.class_name for image in read_subset(path)}
    if lost := sorted(names - images.keys()):
        hint = did_you_mean(lost[0], images)
        raise DataError(f'The list "{path}" has the class "{lost[0]}", which the folder does not have.{hint}')
    return {name: files for name, files in images.items() if name in names}


def make_subset(folder: Path, out: Path, part: Part, taken: Path | None = None) -> None:
    """Write a list and print what is in it.

    Args:
        folder: Holds one subfolder per class.
        out: The list; its folder is made if necessary.
        part: Which images.
        taken: A list whose images are taken, whatever ``part`` says.

    Raises:
        DataError: The folder or a list isn't as it must be, or has too few images.
        StorageError: ``out`` is read, or can't be written.
    """
    left_out = LeftOut()
    images = images_by_class(folder, left_out)
    every = (folder / name / file for name, files in images.items() for file in files)
    refuse_overwriting([*filter(None, [taken, part.classes_of]), *every], out, digest_file(out))
    chosen = locate(read_subset(taken), folder, taken) if taken else part.choose(images)
    write_subset(out, images, {name: chosen.get(name, []) for name in images})
    print(f'{out}: {describe(chosen)}')
    for sentence in left_out.sentences():
        print(sentence, file=sys.stderr)
    found = sum(map(bool, chosen.values()))
    if found < len(images):
        print(
            f'{found} of {len(images)} classes: ImageSubset(relabel=True) numbers them from 0, for heads with '
            f'num_classes={found}.',
            file=sys.stderr,
        )
