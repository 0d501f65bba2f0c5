"""Lists of images, a line each, which upstream's data sets read without a look."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.errors import DataError

_SUBSET_LINE = re.compile(r'\d+,\d+,[^,]+,.')


def read_names(path: Path, setting: str, of_files: bool = True) -> list[str]:
    """Read the lines of a list as mmengine does, but none that can't be meant.

    Args:
        path: The list.
        setting: Key of the config that names it.
        of_files: Whether its names are those of files, which may be any bytes.

    Raises:
        DataError: The list is empty, has an empty line, begins with a byte-order mark or is not UTF-8.
    """
    content = path.read_bytes()
    try:
        text = content.decode(errors='surrogateescape' if of_files and b'\0' not in content else 'strict')
    except UnicodeDecodeError as error:
        bad = content.count(b'\n', 0, error.start) + 1
        raise DataError(f'Line {bad} of "{path}" is not UTF-8: save the list as UTF-8.') from None
    if text.startswith('\ufeff'):
        raise DataError(f'"{path}" begins with a byte-order mark, part of the first name to its readers: remove it.')
    lines = [line.rstrip('\r') for line in text.removesuffix('\n').split('\n')]
    if lines == ['']:
        raise DataError(f'The annotation file "{path}" is empty: set {setting}.')
    for number, line in enumerate(lines, 1):
        if not line.strip():
            raise DataError(f'Line {number} of "{path}" is empty: remove it.')
    return lines


def check_labelled_list(path: Path, folder: Path, classes: int | None, key: str) -> list[Remark]:
    """Check a list ``name label`` completely.

    Args:
        path: The list.
        folder: Folder of the images.
        classes: Number of classes, if it is known.
        key: Place of the data set in the config.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: A line has another format, a label out of range, an image that isn't there or one with two labels.
    """
    labels: dict[str, int] = {}
    for number, line in enumerate(read_names(path, f'{key}.ann_file'), 1):
        name, label = _parsed(line, number, path)
        if labels.setdefault(name, label) != label:
            raise DataError(
                f'Line {number} of "{path}" gives "{name}" the label {label}, an earlier one {labels[name]}.'
            )
        if classes is not None and label >= classes:
            from_one = ' Labels begin at 0.' if label == classes and 0 not in labels.values() else ''
            raise DataError(
                f'Line {number} of "{path}" has the label {label}, but the {classes} classes have 0 to {classes - 1}: '
                f'mend the list, or set the classes.{from_one}'
            )
    check_listed_files(path, folder, labels, f'{key}.data_prefix')
    remark = Remark(f'No line of "{path}" has the label 0, at which labels begin: one class has no image.')
    return [] if 0 in set(labels.values()) else [remark]


def _parsed(line: str, number: int, path: Path) -> tuple[str, int]:
    name, _, label = line.strip().rpartition(' ')
    if name and label.isascii() and label.isdecimal():
        return name, int(label)
    made = ' Subset lists of tools/make_subset.py are for type="ImageSubset", as its "subset".'
    raise DataError(
        f'Line {number} of "{path}" is not a name, a space and a label from 0 on, such as "cat/1.jpg 0": "{line}".'
        f'{made if _SUBSET_LINE.match(line) else ""}'
    )


def check_listed_files(path: Path, folder: Path, names: Iterable[str], setting: str, what: str = 'image') -> None:
    """Check that the files of a list are there; each folder is read once, which is faster than to ask for each file.

    Args:
        path: The list, or the folder of what the files belong to.
        folder: Where the files are.
        names: Their paths, as the list gives them.
        setting: Key of the config to set if the folder is another.
        what: What the files are.

    Raises:
        DataError: Some are missing.
    """
    listing = cache(_files_in)
    lost = []
    for name in names:
        parent, _, file = (name if name.startswith('/') else f'{folder}/{name}').rpartition('/')
        if file not in listing(parent):
            lost.append(name)
    if lost:
        others = f' (nor do {len(lost) - 1} others)' if len(lost) > 1 else ''
        bytes_differ = f', or save "{path}" as UTF-8, which it is not there' if not _is_utf8(lost[0]) else ''
        raise DataError(
            f'The {what} "{folder / lost[0]}", which belongs to "{path}", does not exist{others}: set '
            f'{setting}{bytes_differ}.'
        )


def _is_utf8(name: str) -> bool:
    return not any('\udc80' <= letter <= '\udcff' for letter in name)


def _files_in(folder: str) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_file())
    except OSError:
        return frozenset()
