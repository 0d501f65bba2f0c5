"""What a scan of a folder of images found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from sslrecipes.datasets.images.scan import ImageFacts, Listing

UNEQUAL = 10
"""Classes count as very unequal if the largest has so many times the images of the smallest."""


class ScanReport:
    """Collects the facts of the images of a folder: 24 bytes per image beside its path.

    Args:
        listing: The images.
        min_side: Shortest side in pixels below which an image is tiny.
    """

    def __init__(self, listing: Listing, min_side: int = 32) -> None:
        self.listing = listing
        self.min_side = min_side
        total = len(listing.paths)
        self.digests = np.zeros((total, 2), dtype=np.uint64)
        self.sizes = np.zeros((total, 2), dtype=np.uint32)
        self.bad: dict[str, str] = {}
        self.traits: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.decode_seconds = 0.0
        self.done = 0

    def add(self, facts: Iterable[ImageFacts]) -> None:
        """Take in the facts of the next images of the listing."""
        for one in facts:
            path = self.listing.paths[self.done]
            if one.problem:
                self.bad[path] = one.problem
            for trait in one.traits:
                self.traits[trait] += 1
                self.examples.setdefault(trait, path)
            self.digests[self.done] = np.frombuffer(one.digest, dtype=np.uint64)
            self.sizes[self.done] = one.width, one.height
            self.decode_seconds += one.seconds
            self.done += 1

    @property
    def good_sizes(self) -> np.ndarray[Any, np.dtype[np.uint32]]:
        """(width, height) of every image that isn't bad."""
        return self.sizes[self.sizes.any(axis=1)]

    @property
    def decode_rate(self) -> float:
        """Images that one process reads and decodes per second."""
        return len(self.good_sizes) / max(self.decode_seconds, 1e-9)

    @cached_property
    def tiny(self) -> dict[str, str]:
        """Path -> size of the images with a side shorter than ``min_side``."""
        sides = self.sizes.min(axis=1)
        found = np.flatnonzero((sides > 0) & (sides < self.min_side))
        return {self.listing.paths[i]: '{} x {}'.format(*self.sizes[i]) for i in found}

    @cached_property
    def copies(self) -> dict[str, str]:
        """Path -> the first file with the same content."""
        order = np.lexsort(self.digests.T)
        same = np.flatnonzero((self.digests[order][1:] == self.digests[order][:-1]).all(axis=1))
        copies: dict[str, str] = {}
        for position in same:
            first, path = (self.listing.paths[order[position + step]] for step in (0, 1))
            if path not in self.bad:
                copies[path] = copies.get(first, first)
        return copies

    @cached_property
    def moved_copies(self) -> dict[str, str]:
        """Those of :attr:`copies` whose first file is in another class or split."""
        group = self.listing.group
        return {path: first for path, first in self.copies.items() if group(path) != group(first)}

    @cached_property
    def empty_classes(self) -> list[str]:
        """Classes without an image, and classes that another split has."""
        named = {split: groups for split, groups in self.listing.classes.items() if any(groups)}
        every = {group for groups in named.values() for group in groups if group}
        return [
            f'{split}/{group}'.lstrip('/') for split in named for group in sorted(every) if not named[split].get(group)
        ]

    @property
    def has_problems(self) -> bool:
        """Whether an image is bad, tiny or a copy, or a class empty."""
        return bool(self.bad or self.tiny or self.copies or self.empty_classes)

    def problem_files(self) -> Iterator[tuple[str, str]]:
        """Yield (path, reason) of every bad or tiny image and every copy, sorted by path."""
        reasons = {
            **{path: f'copy of {first}' for path, first in self.copies.items()},
            **{path: f'tiny: {size} pixels' for path, size in self.tiny.items()},
            **self.bad,
        }
        for path in sorted(reasons):
            yield str(self.listing.folder / path), reasons[path]

    def problems(self) -> Iterator[tuple[str, int, str]]:
        """Yield (kind, number, example) of each kind of problem, those that weren't found too."""
        by_reason: dict[str, dict[str, str]] = {}
        for path, reason in self.bad.items():
            by_reason.setdefault(f'bad, {reason.partition(":")[0]}', {})[path] = reason
        kinds = {
            **(by_reason or {'bad': {}}),
            f'tiny (below {self.min_side} pixels)': self.tiny,
            'copies': self.copies,
            'copies in another class or split': self.moved_copies,
            'empty classes': dict.fromkeys(self.empty_classes, ''),
        }
        for kind, found in kinds.items():
            path, reason = next(iter(found.items()), ('', ''))
            yield kind, len(found), f'{path}: {reason}' if reason else path

    def class_sizes(self) -> Iterator[tuple[str, int, int, str]]:
        """Yield (split, images, classes, remark) of every split; images in no class folder are told in the remark."""
        for split, groups in self.listing.classes.items():
            counts = {group: count for group, count in groups.items() if group}
            outside = groups.get('', 0)
            remarks = ['in no split'] if not split and len(self.listing.classes) > 1 else []
            if counts:
                remarks.append(_range(counts))
                remarks += [f'{outside} at the top level'] if outside else []
            yield split, sum(groups.values()), len(counts), ', '.join(remarks)

    def side_quantiles(self) -> dict[str, list[int]]:
        """Return smallest, 5 %, median, 95 % and largest of the shorter and the longer side, in pixels."""
        if not len(self.good_sizes):
            return {}
        cuts = (0, 0.05, 0.5, 0.95, 1)
        sides = {'shorter side': self.good_sizes.min(axis=1), 'longer side': self.good_sizes.max(axis=1)}
        return {name: np.quantile(side, cuts).round().astype(int).tolist() for name, side in sides.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as a tree of plain values."""
        return {
            'folder': str(self.listing.folder),
            'images': self.done,
            'other_files': self.listing.others,
            'links_left_out': self.listing.links,
            'classes': self.listing.classes,
            'bad': self.bad,
            'tiny': self.tiny,
            'copies': self.copies,
            'empty_classes': self.empty_classes,
            'traits': dict(self.traits),
            'side_quantiles': self.side_quantiles(),
            'decode_rate_per_process': round(self.decode_rate, 1),
        }


def _range(counts: Mapping[str, int]) -> str:
    """Name the smallest and the largest class."""
    low, high = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    unequal = ': very unequal' if counts[high] >= UNEQUAL * max(counts[low], 1) else ''
    return f'{counts[low]} ({low}) to {counts[high]} ({high}){unequal}'
