"""One answer to which files are images, for folders of every kind.

mmpretrain's ``CustomDataset``, ``ImageNet``, ``ImageNet21k`` and ``Places205`` know fewer endings than its decoder
reads, pass over the other files without a word, and say of a folder without a known one what their caller was given.
They get the endings of this module, unless a config names some (``extensions``), and tell what they leave out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import PurePath
from types import ModuleType
from typing import Any

from mmengine.logging import print_log

from sslrecipes.compat.after_import import after_import
from sslrecipes.errors import DataError, counted

EXTENSIONS = (
    '.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.webp', '.avif', '.gif', '.bmp', '.tif', '.tiff', '.ppm', '.pgm',
    '.pbm', '.pnm',
)  # fmt: skip
"""What :func:`sslrecipes.datasets.images.decoding.decode_image` reads; a folder's other files are no images."""
_MOST_ENDINGS = 5


def install() -> None:
    """Mend mmpretrain's data sets when they are imported."""
    after_import('mmpretrain.datasets.custom', _mend_custom)
    for name in ('imagenet', 'places205'):
        after_import(f'mmpretrain.datasets.{name}', _mend_endings)


def is_image(name: str) -> bool:
    """Tell from a file name, in any case, whether it is an image."""
    return name.lower().endswith(EXTENSIONS)


def left_out(names: Iterable[str]) -> str:
    """Count files that are no images by their endings, for a message: ``7 other files left out (6 .heic, 1 .txt)``."""
    endings = Counter(PurePath(name).suffix.lower() or 'without an ending' for name in names)
    shown = [f'{count} {ending}' for ending, count in endings.most_common(_MOST_ENDINGS)]
    shown += ['...'] if len(endings) > _MOST_ENDINGS else []
    return f'{counted(endings.total(), "other file")} left out ({", ".join(shown)})'


def _mend_custom(module: Any) -> None:
    if hasattr(module.get_samples, '__wrapped__'):  # mended already
        return
    module.get_samples = _counting_left_out(module.get_samples)
    init = module.CustomDataset.__init__
    init.__defaults__ = tuple(EXTENSIONS if _is_endings(value) else value for value in init.__defaults__)


def _is_endings(value: Any) -> bool:
    return isinstance(value, tuple) and '.jpg' in value


def _mend_endings(module: ModuleType) -> None:
    for value in vars(module).values():
        if 'IMG_EXTENSIONS' in getattr(value, '__dict__', ()):
            value.IMG_EXTENSIONS = EXTENSIONS


def _counting_left_out(find: Callable[..., Any]) -> Callable[..., Any]:
    """Let the function that lists images tell how many files it leaves out."""

    @wraps(find)
    def get_samples(
        root: str, folder_to_idx: Mapping[str, int] | None, is_valid_file: Callable[[str], bool], backend: Any = None
    ) -> Any:
        others: list[str] = []

        def is_taken(name: str) -> bool:
            taken = is_valid_file(name)
            if not taken:
                others.append(name)
            return taken

        found = find(root, folder_to_idx, is_taken, backend)
        note = left_out(others) if others else ''
        if not found[0]:
            raise DataError(f'The folder "{root}" holds no image{f": {note}" if note else ""}.')
        if note:
            print_log(f'"{root.rstrip("/")}": {counted(len(found[0]), "image")}, {note}', 'current', logging.WARNING)
        return found

    return get_samples
