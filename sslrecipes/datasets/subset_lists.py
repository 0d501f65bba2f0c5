"""Lists of the images of a part of a labelled folder, such as a semi-supervised evaluation may use.

The format is SSLight's, a line ``position,label,class,file`` per image: the place among all images sorted by class and
name, the place of the class folder among all, its name, and the file in it. SimCLR's lists, with nothing but a name
such as ``n02119789_10032.JPEG`` per line, are read as well.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import NamedTuple, TextIO

from sslrecipes.checkpoint.files.digest_file import agrees, digest_file, write_digest
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.compat.image_names import is_image
from sslrecipes.datasets.subsets import class_folders
from sslrecipes.errors import DataError, StorageError, counted, did_you_mean
from sslrecipes.paths.user_paths import user_file


class ListedImage(NamedTuple):
    """A line of a list.

    Attributes:
        line: Its number, from 1.
        class_name: Name of the class folder.
        file: Path within that folder.
        label: Number of the class, if the line tells.
    """

    line: int
    class_name: str
    file: str
    label: int | None = None


def write_subset(path: str | Path, images: Mapping[str, Sequence[str]], chosen: Mapping[str, Sequence[str]]) -> None:
    """Write the list of the images ``chosen`` from ``images``, by class, and beside it its digest: both or none.

    Raises:
        StorageError: The file can't be written.
    """
    text = StringIO(newline='')
    _write_rows(text, images, chosen)
    content, path = text.getvalue().encode(errors='surrogateescape'), user_file(str(path))

    def write(file: Path) -> None:
        file.write_bytes(content)
        write_digest(path, sha256(content).hexdigest())  # before the list gets its name, which then can't fail for it

    try:
        write_atomic(path, write)
    except StorageError:
        with suppress(OSError):
            if not path.is_file():
                digest_file(path).unlink()
        raise


def _write_rows(target: TextIO, images: Mapping[str, Sequence[str]], chosen: Mapping[str, Sequence[str]]) -> None:
    start = 0
    writer, careful = (
        csv.writer(target, lineterminator='\n'),
        csv.writer(target, lineterminator='\n', quoting=csv.QUOTE_ALL),
    )
    for label, (name, files) in enumerate(images.items()):
        position = {file: start + index for index, file in enumerate(files)}
        for file in chosen[name]:
            # a bare carriage return, which csv does not quote by itself, would end the line
            (careful if '\r' in name + file else writer).writerow((position[file], label, name, file))
        start += len(files)


def read_subset(path: str | Path) -> list[ListedImage]:
    """Read a list in SSLight's or SimCLR's format.

    Raises:
        DataError: There is no such file, it is empty, it doesn't agree with the digest beside it, or a line has another
            format or says what an earlier one said.
    """
    file = user_file(str(path))
    if file.exists() and not file.is_file():  # a pipe would wait for a writer, a device has no end
        raise DataError(f'The subset list "{path}" is no regular file.')
    try:
        if not agrees(file):
            raise DataError(
                f'"{path}" has changed since tools/make_subset.py wrote it: make it anew, or, if you changed it, '
                f'delete "{digest_file(Path(path))}".'
            )
        with file.open(encoding='utf-8-sig', errors='surrogateescape', newline='') as source:
            rows = [(number, row) for number, row in enumerate(csv.reader(source), 1) if row]
    except OSError as error:
        raise DataError(
            f'Cannot read the subset list "{path}" ({error.strerror}): tools/make_subset.py makes one.'
        ) from error
    except csv.Error as error:
        raise DataError(f'"{path}" is no subset list: {error}.') from error
    listed = [_parsed(row, number, path) for number, row in rows]
    if not listed:
        raise DataError(f'The subset list "{path}" is empty.')
    first: dict[tuple[str, str], int] = {}
    for image in listed:
        earlier = first.setdefault((image.class_name, image.file), image.line)
        if earlier != image.line:
            raise DataError(f'Line {image.line} of "{path}" repeats line {earlier}: "{image.file}".')
    return listed


def _parsed(row: Sequence[str], number: int, path: str | Path) -> ListedImage:
    if len(row) == 4 and row[0].isdecimal() and row[1].isdecimal() and all(row):
        return ListedImage(number, class_name=row[2], file=row[3], label=int(row[1]))
    class_name = row[0].rpartition('_')[0]
    if len(row) == 1 and class_name and is_image(row[0]):
        return ListedImage(number, class_name, file=row[0])
    raise DataError(
        f'Line {number} of "{path}" is neither "position,label,class,file" nor an image name that begins with its '
        f'class, such as "n02119789_10032.JPEG": "{",".join(row)}".'
    )


def locate(
    listed: Sequence[ListedImage], folder: str | Path, path: str | Path, every_class: bool = True
) -> dict[str, list[str]]:
    """Find the images of the list ``path`` in ``folder``: files by class, classes in the order of their labels.

    Args:
        listed: Lines of the list.
        folder: Holds one subfolder per class.
        path: The list, for messages.
        every_class: Whether each class of the folder must have an image in the list; else those without are left out.

    Raises:
        DataError: An image is not there, its label is not the place of its class folder, or a class has no image.
    """
    root, names = Path(folder).expanduser(), class_folders(folder)
    labels = {name: label for label, name in enumerate(names)}
    chosen: dict[str, list[str]] = {name: [] for name in names}
    for image in listed:
        where = f'Line {image.line} of "{path}"'
        if image.class_name not in labels:
            hint = did_you_mean(image.class_name, names)
            raise DataError(f'{where} names the class "{image.class_name}", which "{folder}" does not have.{hint}')
        label = labels[image.class_name]
        if image.label not in (None, label):
            raise DataError(
                f'{where} says that "{image.class_name}" is class {image.label}, but among the {len(names)} folders of '
                f'"{folder}" it is class {label}: the list was made for other classes.'
            )
        if not (is_image(image.file) and (root / image.class_name / image.file).is_file()):
            raise DataError(f'{where}: there is no image "{root / image.class_name / image.file}".')
        chosen[image.class_name].append(image.file)
    empty = [name for name, files in chosen.items() if not files]
    if empty and every_class:
        more = f' (nor have {len(empty) - 1} others)' if len(empty) > 1 else ''
        raise DataError(
            f'The class "{empty[0]}" has no image in the subset list "{path}"{more}. '
            'ImageSubset(relabel=True) takes the listed classes as all that there are.'
        )
    return {name: files for name, files in chosen.items() if files}


def describe(chosen: Mapping[str, Sequence[str]]) -> str:
    """State the size of a subset: ``12811 images of 1000 classes, 12 to 13 per class``."""
    sizes = [len(files) for files in chosen.values() if files]
    of_all = f'{counted(sum(sizes), "image")} of {counted(len(sizes), "class")}'
    return f'{of_all}, {min(sizes)} to {max(sizes)} per class'
