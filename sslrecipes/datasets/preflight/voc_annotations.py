"""Look at every annotation in Pascal VOC's format: mmdet drops unknown classes silently, and fails late at others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from xml.etree import ElementTree

from sslrecipes.datasets.preflight.dataset_options import listed_names
from sslrecipes.datasets.preflight.remarks import Remark
from sslrecipes.errors import DataError, counted

_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')


def check_voc_files(files: Sequence[Path], classes: Sequence[str] | None, key: str) -> list[Remark]:
    """Check every file.

    Args:
        files: The files.
        classes: Names of the classes that are used; ``None`` if they aren't known.
        key: Place of the data set in the config.

    Returns:
        What is odd, but may be meant.

    Raises:
        DataError: A file is damaged, an object has no name or no box, or none is of the classes.
    """
    counts: Counter[str] = Counter()
    for file in files:
        counts.update(_objects(file))
    if not counts:
        where = f'{counted(len(files), "file")} in "{files[0].parent}"'
        return [Remark(f'None of {where} has an object: there is nothing to learn or to find.')]
    others = {name: count for name, count in counts.items() if classes is not None and name not in classes}
    if not others:
        return []
    named = listed_names(sorted(others))
    if len(others) == len(counts):
        raise DataError(f'"{files[0]}" and the next boxes are of {named}: set {key}.metainfo.classes.')
    return [
        Remark(
            f'{sum(others.values())} of {counted(counts.total(), "object")} in "{files[0].parent}" are of classes that '
            f'{key} does not use, and left out: {named}.'
        )
    ]


def _objects(path: Path) -> list[str]:
    """Return the class of each object of a file."""
    try:
        root = ElementTree.parse(path)
    except (ElementTree.ParseError, ValueError):  # of the parser, and of an encoding that it doesn't know
        raise DataError(f'The annotation file "{path}" is damaged or not XML.') from None
    size = root.find('size')
    if size is not None and not all(_whole(size, side) > 0 for side in ('width', 'height')):
        raise DataError(f'The annotation file "{path}" has no width and height above 0 in its size.')
    names = []
    for number, thing in enumerate(root.iterfind('object'), 1):
        name, box = thing.findtext('name'), thing.find('bndbox')
        left, top, right, bottom = (_number(box, corner) for corner in _CORNERS)
        if not (name and left <= right and top <= bottom):
            fault = 'bndbox with xmin <= xmax and ymin <= ymax' if name else 'name'
            raise DataError(f'Object {number} of the annotation file "{path}" has no {fault}.')
        names.append(name)
    return names


def _number(node: ElementTree.Element | None, name: str) -> float:
    """Return a number below ``node``; NaN, which compares with nothing, if there is none."""
    with suppress(ValueError):
        value = float((node.findtext(name) if node is not None else None) or 'nan')
        return value if isfinite(value) else float('nan')
    return float('nan')


def _whole(node: ElementTree.Element, name: str) -> int:
    with suppress(ValueError):
        return int(node.findtext(name) or 0)
    return 0
