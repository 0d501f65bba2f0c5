"""Image files that a user points at: found, and read as training reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from sslrecipes.compat.image_names import EXTENSIONS, is_image
from sslrecipes.compat.local_files import read_regular
from sslrecipes.datasets.bad_samples import reason_of
from sslrecipes.datasets.decoding import BadImageError, decode_image
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.zoo.user_paths import user_file


def find_images(paths: Sequence[str | Path], limit: int) -> list[Path]:
    """Return the first ``limit`` image files among ``paths``; a folder stands for its image files in sorted order.

    Raises:
        ConfigError: If ``limit`` is below 1.
        DataError: If a path does not exist or there is no image at all.
    """
    if limit < 1:
        raise ConfigError(f'limit, the number of images, must be at least 1, not {limit}.')
    files: list[Path] = []
    for path in (user_file(str(path)) for path in paths):
        if not path.exists():
            raise DataError(f'no such image or folder: "{path}"')
        files += sorted(filter(_is_image, path.iterdir())) if path.is_dir() else [path]
    if not files:
        raise DataError(f'no image file in {", ".join(map(str, paths))}: known endings are {", ".join(EXTENSIONS)}')
    return files[:limit]


def _is_image(path: Path) -> bool:
    return is_image(path.name) and not path.is_dir()


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
