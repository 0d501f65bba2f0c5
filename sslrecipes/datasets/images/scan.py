"""Look at every image of a folder, in parallel, before a training does."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import cv2

from sslrecipes.compat.image_names import is_image
from sslrecipes.compat.local_files import read_regular, walk
from sslrecipes.datasets.image_folder import split_folders
from sslrecipes.datasets.images.bad_samples import reason_of
from sslrecipes.datasets.images.decoding import MAX_PIXELS, BadImageError, decode_image
from sslrecipes.datasets.images.headers import image_traits
from sslrecipes.errors import DataError

_FILES_PER_TASK = 32


class ImageFacts(NamedTuple):
    """What is known of one file when its pixels are forgotten.

    Attributes:
        problem: Why it is bad (see :func:`sslrecipes.datasets.images.decoding.decode_image`); empty if it isn't.
        digest: 16 bytes that are equal for equal files.
        width: In pixels; 0 for a bad image.
        height: In pixels; 0 for a bad image.
        traits: See :func:`sslrecipes.datasets.images.headers.image_traits`.
        seconds: Time to read and decode it.
    """

    problem: str
    digest: bytes = bytes(16)
    width: int = 0
    height: int = 0
    traits: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Listing:
    """The images of a folder, not yet opened.

    Attributes:
        folder: The folder.
        paths: The images, relative to ``folder``, sorted.
        classes: Split -> class -> number of images, empty classes included. A folder without ``train`` and ``val`` is
            one split without a name; an image outside any subfolder has the class ``''``.
        others: Number of other files.
        links: Links that were not followed, because their folders are visited anyway.
    """

    folder: Path
    paths: list[str] = field(default_factory=list)
    classes: dict[str, dict[str, int]] = field(default_factory=dict)
    others: int = 0
    links: list[str] = field(default_factory=list)

    def group(self, path: str) -> tuple[str, str]:
        """Return the split and the class of what ``path``, relative to the folder, stands for or holds."""
        split, parts = '', path.split('/')
        if parts[0] in self.classes:
            split, *parts = parts
        return split, parts[0] if len(parts) > 1 else ''


def list_images(folder: str | Path) -> Listing:
    """List the images below ``folder`` (hidden ones left out) and the classes that its subfolders stand for.

    Raises:
        DataError: The folder is missing or holds no image.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise DataError(f'The folder "{folder}" {"is a file" if root.exists() else "does not exist"}.')
    splits = [name for name in split_folders(root) if (root / name).is_dir()]
    listing = Listing(root, classes={split: {} for split in splits})
    for directory, files in walk(root, listing.links):
        place = Path(directory).relative_to(root).as_posix()
        prefix = '' if place == '.' else f'{place}/'
        images = [prefix + name for name in files if is_image(name)]
        listing.others += len(files) - len(images)
        listing.paths += images
        split, group = listing.group(prefix + '.')
        if group or images:
            classes = listing.classes.setdefault(split, {})
            classes[group] = classes.get(group, 0) + len(images)
    if not listing.paths:
        raise DataError(f'The folder "{folder}" holds no image.')
    return listing


def inspect_file(path: str | Path, max_pixels: int = MAX_PIXELS) -> ImageFacts:
    """Read and decode one file."""
    start = time.perf_counter()
    try:
        data = read_regular(path)
        height, width = decode_image(data, max_pixels).shape[:2]
    except (BadImageError, OSError) as error:
        return ImageFacts(reason_of(error))
    seconds = time.perf_counter() - start
    digest = blake2b(data, digest_size=16).digest()
    return ImageFacts('', digest, width, height, image_traits(data, Path(path).suffix), seconds)


def scan_files(
    folder: Path, paths: Sequence[str], workers: int, max_pixels: int = MAX_PIXELS
) -> Iterator[list[ImageFacts]]:
    """Inspect ``paths`` (relative to ``folder``) in several processes; yields the facts of some at a time, in order.

    Raises:
        DataError: A process died, of lack of memory or a decoder's crash.
    """
    tasks = [[folder / path for path in paths[i : i + _FILES_PER_TASK]] for i in range(0, len(paths), _FILES_PER_TASK)]
    context = multiprocessing.get_context('fork')  # 'spawn' would import torch in every process
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    done = 0
    try:
        for facts in executor.map(partial(_inspect_all, max_pixels=max_pixels), tasks):
            yield facts
            done += len(facts)
    except BrokenProcessPool as error:
        last = min(done + workers * _FILES_PER_TASK, len(paths)) - 1
        raise DataError(
            f'A process ended without a word while it read a file between "{paths[done]}" and "{paths[last]}": it ran '
            'out of memory (use fewer --workers) or a decoder crashed.'
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends its workers
    cv2.setNumThreads(0)


def _inspect_all(paths: list[Path], max_pixels: int) -> list[ImageFacts]:
    return [inspect_file(path, max_pixels) for path in paths]
