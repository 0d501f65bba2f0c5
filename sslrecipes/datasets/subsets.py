"""Choosing a part of a labelled image folder, reproducibly: images of each class, of some classes, or of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

from sslrecipes.compat.image_names import is_image, left_out
from sslrecipes.compat.local_files import subfolders, walk
from sslrecipes.datasets.image_folder import split_folders
from sslrecipes.errors import DataError, counted
from sslrecipes.paths.user_paths import lack_of_folder


@dataclass
class LeftOut:
    """What a folder holds beside the images of its classes, hidden files and folders not counted.

    Attributes:
        images: Images beside the class folders, in none of them.
        others: Files that are no images.
        links: Links that were not followed, because their folders are visited anyway.
    """

    images: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def sentences(self) -> Iterator[str]:
        """Tell each kind with its number and examples."""
        if self.images:
            yield f'{counted(len(self.images), "image")} beside the class folders left out ("{self.images[0]}").'
        if self.others:
            yield f'{left_out(self.others)}.'
        if self.links:
            yield f'{counted(len(self.links), "link")} to folders visited anyway left out ("{self.links[0]}").'


def class_folders(folder: str | Path) -> list[str]:
    """Names of the class folders in ``folder``, sorted: a class's label is its place.

    Raises:
        DataError: There is no such folder, or it holds splits or no class folder.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise DataError(f'The image folder "{folder}" {lack_of_folder(folder)}: it must hold one subfolder per class.')
    if splits := split_folders(path):
        raise DataError(f'The image folder "{folder}" holds the splits {" and ".join(splits)}: name one of them.')
    names = [name for name in subfolders(path)[0] if not name.startswith('.')]
    if not names:
        raise DataError(f'The image folder "{folder}" holds no class folders: put each class into a subfolder.')
    return names


def images_by_class(folder: str | Path, rest: LeftOut | None = None) -> dict[str, list[str]]:
    """All images of ``folder``: paths within the class folder, sorted, by class.

    Args:
        folder: Holds one subfolder per class.
        rest: Gets what else is there, except what is hidden.

    Raises:
        DataError: As :func:`class_folders`; or a class has no image.
    """
    root = Path(folder).expanduser()
    rest = LeftOut() if rest is None else rest
    names = class_folders(root)
    _sort_out(*next(walk(root)), rest, rest.images)
    rest.links += [f'{root}/{name}' for name in subfolders(root)[1]]
    images = {name: sorted(_images_below(root / name, rest)) for name in names}
    for name, files in images.items():
        if not files:
            raise DataError(f'The class "{name}" has no image in "{root / name}": add some, or remove the folder.')
    return images


def _images_below(folder: Path, rest: LeftOut) -> list[str]:
    images: list[str] = []
    for directory, files in walk(folder, rest.links):
        _sort_out(directory, files, rest, images)
    return [image.removeprefix(f'{folder}/') for image in images]


def _sort_out(directory: str, files: Iterable[str], rest: LeftOut, images: list[str]) -> None:
    for file in files:
        (images if is_image(file) else rest.others).append(f'{directory}/{file}')


def fraction_counts(images: Mapping[str, Sequence[str]], fraction: float) -> dict[str, int]:
    """How many images of each class make up ``fraction`` of all, classes being as equal as possible.

    Of N images in K classes, ``floor(fraction * N)`` but at least K are distributed: the counts of two classes differ
    by one at most unless a class has too few images, and the larger classes get the odd ones. 1 % of ImageNet are 12
    or 13 per class, 12,811 in all, and 10 % are 128 or 129, 128,116 in all: as many as in SimCLR's lists.

    Raises:
        DataError: ``fraction`` is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise DataError(f'The fraction of a subset must be above 0 and at most 1, not {fraction}.')
    exact = Fraction(str(fraction)) * sum(map(len, images.values()))
    left, counts = max(int(exact), len(images)), {}
    smallest_first = sorted(images, key=lambda name: (len(images[name]), name))
    for done, name in enumerate(smallest_first):
        counts[name] = min(len(images[name]), left // (len(images) - done))
        left -= counts[name]
    return counts


def equal_counts(images: Mapping[str, Sequence[str]], per_class: int) -> dict[str, int]:
    """``per_class`` images of each class.

    Raises:
        DataError: ``per_class`` is less than 1, or more than a class has.
    """
    if per_class < 1:
        raise DataError(f'A subset needs at least 1 image per class, not {per_class}.')
    for name, files in images.items():
        if len(files) < per_class:
            has = counted(len(files), 'image')
            raise DataError(f'The class "{name}" has {has}, which is less than {per_class} per class.')
    return dict.fromkeys(images, per_class)


def choose_classes(
    images: Mapping[str, Sequence[str]], number: int, per_class: int = 1, seed: int = 0
) -> dict[str, Sequence[str]]:
    """Choose ``number`` classes, in the order of ``images``, of those with at least ``per_class`` images.

    A class is chosen by a hash of its name and the seed, as images are.

    Raises:
        DataError: ``number`` is less than 1, or fewer classes are large enough.
    """
    if number < 1:
        raise DataError(f'A subset needs at least 1 class, not {number}.')
    large = [name for name, files in images.items() if len(files) >= per_class]
    if len(large) < number:
        raise DataError(
            f'{counted(number, "class")} of at least {counted(per_class, "image")} each are asked for, but there are '
            f'{len(large)} among {len(images)}.'
        )
    chosen = set(sorted(large, key=lambda name: (_rank(seed, name), name))[:number])
    return {name: files for name, files in images.items() if name in chosen}


def share_of_class(total: int, classes: int) -> int:
    """Images of each of ``classes`` classes that are ``total`` together.

    Raises:
        DataError: The classes can't have as many each.
    """
    if classes < 1 or total < 1 or total % classes:
        raise DataError(f"{counted(total, 'image')} can't be shared equally by {counted(classes, 'class')}.")
    return total // classes


def choose(images: Mapping[str, Sequence[str]], counts: Mapping[str, int], seed: int = 0) -> dict[str, list[str]]:
    """Choose ``counts`` images of each class.

    An image is chosen by a hash of its name and the seed, so that neither the order of the files nor other classes nor
    the machine matter, and a smaller subset is part of each larger one with the same seed.
    """
    return {
        name: sorted(sorted(files, key=lambda file: (_rank(seed, name, file), file))[: counts[name]])
        for name, files in images.items()
    }


def choose_of_all(images: Mapping[str, Sequence[str]], total: int, seed: int = 0) -> dict[str, list[str]]:
    """Choose ``total`` images of all, whatever their classes, by a hash as in :func:`choose`; classes may have none.

    Raises:
        DataError: ``total`` is less than 1, or more than there are.
    """
    every = [(name, file) for name, files in images.items() for file in files]
    if not 1 <= total <= len(every):
        raise DataError(f'A subset has between 1 and all {counted(len(every), "image")}, not {total}.')
    counts = Counter(name for name, _ in sorted(every, key=lambda image: (_rank(seed, *image), image))[:total])
    return choose(images, counts, seed)


def _rank(seed: int, *names: str) -> bytes:
    text = '/'.join((str(seed), *names))
    return blake2b(text.encode(errors='surrogateescape'), digest_size=8).digest()
