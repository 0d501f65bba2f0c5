"""Image files that a user points at: found, and read as training reads them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from PIL import Image, ImageOps

from sslrecipes.compat.image_names import EXTENSIONS, is_image, left_out
from sslrecipes.compat.local_files import read_regular
from sslrecipes.datasets.images.bad_samples import reason_of
from sslrecipes.datasets.images.decoding import BadImageError, decode_image
from sslrecipes.errors import ConfigError, DataError, counted
from sslrecipes.paths.user_paths import user_file


def find_images(paths: Sequence[str | Path], limit: int) -> list[Path]:
    """Return the first ``limit`` image files among ``paths``; a folder stands for its image files in sorted order.

    What is left out is told in the log.

    Raises:
        ConfigError: If ``limit`` is below 1.
        DataError: If a path does not exist or there is no image at all.
    """
    if limit < 1:
        raise ConfigError(f'limit, the number of images, must be at least 1, not {limit}.')
    files: list[Path] = []
    rest: list[Path] = []
    for path in (user_file(str(path)) for path in paths):
        if not path.exists():
            raise DataError(f'no such image or folder: "{path}"')
        inside = sorted(path.iterdir()) if path.is_dir() else []
        files += filter(_is_image, inside) if path.is_dir() else [path]
        rest += (one for one in inside if not (_is_image(one) or one.name.startswith('.')))
    if not files:
        raise DataError(f'no image file in {", ".join(map(str, paths))}: known endings are {", ".join(EXTENSIONS)}')
    if notes := [*_limited(len(files), limit), *_left_out(rest)]:
        print_log(f'{counted(len(files), "image")} found: {", ".join(notes)}', 'current', logging.WARNING)
    return files[:limit]


def _is_image(path: Path) -> bool:
    return is_image(path.name) and not path.is_dir()


def _limited(found: int, limit: int) -> list[str]:
    return [f'only the first {limit} taken (limit)'] if found > limit else []


def _left_out(rest: Sequence[Path]) -> list[str]:
    folders = sum(path.is_dir() for path in rest)
    others = [path.name for path in rest if not path.is_dir()]
    notes = [left_out(others)] if others else []
    return [*notes, f'{counted(folders, "subfolder")} not looked into'] if folders else notes


def files_of(dataset: Any) -> Iterator[str]:
    """Yield the image files of a data set, as far as it tells."""
    infos = map(dataset.get_data_info, range(len(dataset)))
    return (info['img_path'] for info in infos if info.get('img_path'))


def read_rgb(file: str | Path) -> Image.Image:
    """Read an image as training reads it: upright, in RGB, without transparency.

    Raises:
        DataError: The file is no whole image.
    """
    try:
        pixels = decode_image(read_regular(file), channel_order='rgb')
    except (OSError, BadImageError) as error:
        raise DataError(f'cannot read "{file}" as an image: {reason_of(error)}') from error
    return Image.fromarray(pixels)


def load_squares(files: Sequence[str | Path], size: int) -> torch.Tensor:
    """Read images, resize the shorter side to ``size`` (bicubic) and cut out the central square.

    Returns:
        uint8 BGR ``(B, 3, size, size)``, as the data pipelines deliver them.

    Raises:
        DataError: See :func:`read_rgb`.
    """
    arrays = [np.asarray(ImageOps.fit(read_rgb(file), (size, size), Image.Resampling.BICUBIC)) for file in files]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).flip(1).contiguous()
