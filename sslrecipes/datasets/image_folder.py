"""A folder of images without labels and without an annotation file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from sslrecipes.compat.image_names import EXTENSIONS, is_image, left_out
from sslrecipes.compat.local_files import walk
from sslrecipes.errors import DataError, counted
from sslrecipes.registry import DATASETS

SPLIT_NAMES = {'train', 'training', 'val', 'valid', 'validation', 'test'}


def split_folders(folder: str | Path) -> list[str]:
    """Return the subfolders named like splits, sorted, if there are at least two (``train`` and ``val``)."""
    found = sorted(entry.name for entry in Path(folder).iterdir() if entry.name.lower() in SPLIT_NAMES)
    return found if len(found) > 1 else []


def check_unlabelled_folder(folder: str | Path) -> None:
    """Check that ``folder`` can serve :class:`ImageFolder`, without reading all of it.

    Raises:
        DataError: It's missing, no folder, holds no image, or holds splits.
    """
    path = Path(folder).expanduser()
    if not path.is_dir():
        state = 'is a file' if path.exists() else 'does not exist'
        raise DataError(f'The image folder "{folder}" {state}: set data_root to the folder that holds your images.')
    splits = split_folders(path)
    if splits:
        raise DataError(
            f'The image folder "{folder}" holds the splits {" and ".join(splits)}, which would be mixed: '
            f'set data_root to one of them, e.g. "{path / splits[0]}".'
        )
    if not any(is_image(name) for _, files in walk(path) for name in files):
        raise DataError(f'The image folder "{folder}" holds no image ({", ".join(EXTENSIONS)}).')


@DATASETS.register_module()
class ImageFolder(BaseDataset):
    """All images below a folder, at any depth, as unlabelled samples.

    Extensions count in any case; hidden files and folders are passed over; the log warns of other files. Links are
    followed, but each folder is visited once. What is called like an image and is none counts as a bad one.
    mmpretrain's ``CustomDataset(with_label=False)`` descends into hidden folders; for folders with one subfolder per
    class use ``CustomDataset`` itself.

    Args:
        data_root: The folder.
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        DataError: The folder is missing, can't be listed, holds no image, or splits such as ``train`` and ``val``.
    """

    def __init__(self, data_root: str, **kwargs: Any) -> None:
        super().__init__(ann_file='', data_root=str(Path(data_root).expanduser()), **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """List the images, sorted by path."""
        check_unlabelled_folder(self.data_root)
        paths, others, links = [], list[str](), list[str]()
        for directory, files in walk(self.data_root, links):
            images = [name for name in files if is_image(name)]
            others += [name for name in files if not is_image(name)]
            paths += [f'{directory}/{name}' for name in images]
        note = f', {left_out(others)}' if others else ''
        note += f', {counted(len(links), "link")} to folders visited anyway left out ("{links[0]}")' if links else ''
        level = logging.WARNING if others else logging.INFO
        print_log(
            f'ImageFolder "{self.data_root}": {counted(len(paths), "image")}{note}', logger='current', level=level
        )
        return [{'img_path': path} for path in paths]

    def extra_repr(self) -> list[str]:
        """State the folder."""
        return [f'Folder: \t{self.data_root}']
