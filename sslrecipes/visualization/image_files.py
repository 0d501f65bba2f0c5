"""Image files that a user points at: found, read upright, and refused unless they are RGB."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from sslrecipes.datasets.decoding import BadImageError, decode_image
from sslrecipes.errors import ConfigError, DataError

SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
_KINDS = {
    '1': 'black and white',
    'L': 'grey',
    'LA': 'grey with transparency',
    'P': 'palette',
    'RGBA': 'RGB with transparency',
    'CMYK': 'CMYK',
}


def find_images(paths: Sequence[str | Path], limit: int) -> list[Path]:
    """Return the first ``limit`` image files among ``paths``; a folder stands for its image files in sorted order.

    Raises:
        ConfigError: If ``limit`` is below 1.
        DataError: If a path does not exist or there is no image at all.
    """
    if limit < 1:
        raise ConfigError(f'limit, the number of images, must be at least 1, not {limit}.')
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise DataError(f'no such image or folder: "{path}"')
        files += sorted(filter(_is_image, path.iterdir())) if path.is_dir() else [path]
    if not files:
        raise DataError(f'no image file in {", ".join(map(str, paths))}: known endings are {", ".join(SUFFIXES)}')
    return files[:limit]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def read_rgb(file: str | Path) -> Image.Image:
    """Read an RGB image, turned upright by its EXIF orientation.

    Raises:
        DataError: If the file is not a whole image, or the image is not RGB: how grey, transparent or CMYK pixels
            shall become RGB is the user's choice.
    """
    try:
        data = Path(file).read_bytes()
        decode_image(data)
    except (OSError, BadImageError) as error:
        raise DataError(f'cannot read "{file}" as an image: {error}') from error
    with Image.open(io.BytesIO(data)) as opened:
        if opened.mode != 'RGB':
            kind = _KINDS.get(opened.mode, 'not RGB')
            raise DataError(
                f'"{file}" is no RGB image but of mode "{opened.mode}" ({kind}): save a copy of it as RGB, '
                "such as by Pillow's convert('RGB'), and give that."
            )
        return ImageOps.exif_transpose(opened)


def load_squares(files: Sequence[str | Path], size: int) -> torch.Tensor:
    """Read RGB images, resize the shorter side to ``size`` (bicubic) and cut out the central square.

    Returns:
        uint8 BGR ``(B, 3, size, size)``, as the data pipelines deliver them.

    Raises:
        DataError: See :func:`read_rgb`.
    """
    arrays = [np.asarray(ImageOps.fit(read_rgb(file), (size, size), Image.Resampling.BICUBIC)) for file in files]
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).flip(1).contiguous()
