"""Pictures inside a page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sslrecipes.compat.local_files import read_regular
from sslrecipes.errors import DataError

_SHOWN = 320  # narrower pictures are magnified
_SMALL = 160  # those even narrower with sharp pixels
_LARGEST = 2000  # pixels of the longer side; larger pictures are made smaller
_TYPES = {'PNG': 'image/png', 'JPEG': 'image/jpeg'}


@dataclass(frozen=True)
class Embedded:
    """A picture as a page holds it.

    Attributes:
        address: The picture itself, as a ``data:`` address.
        width: That it is shown with, if there is room, px.
        height: Likewise.
        small: Whether its pixels are to be seen.
    """

    address: str
    width: int
    height: int
    small: bool


def embedded_pixels(picture: NDArray[np.uint8]) -> Embedded:
    """Take in a uint8 RGB picture ``(H, W, 3)``, as PNG."""
    image = Image.fromarray(picture)
    return _embedded(_encoded(image, 'PNG'), 'PNG', image.size)


def embedded_file(file: Path) -> Embedded:
    """Take in a PNG or JPEG file: its bytes as they are, unless it is larger than a page can show.

    Raises:
        DataError: It can't be read.
    """
    try:
        content = read_regular(file)
        with Image.open(BytesIO(content), formats=list(_TYPES)) as image:
            kind = str(image.format)
            size = image.size
            image.load()  # all of it: a page with half a picture is no report
            if max(size) > _LARGEST:
                image.thumbnail((_LARGEST, _LARGEST))
                content, size = _encoded(image, kind), image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else 'no whole PNG or JPEG picture'
        raise DataError(f'"{file}" can not be shown: {reason}.') from error
    return _embedded(content, kind, size)


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format=kind, quality=90)
    return buffer.getvalue()


def _embedded(content: bytes, kind: str, size: tuple[int, int]) -> Embedded:
    width, height = size
    shown = max(width, _SHOWN)
    return Embedded(
        f'data:{_TYPES[kind]};base64,{base64.b64encode(content).decode("ascii")}',
        shown,
        max(round(height * shown / width), 1),
        small=width < _SMALL,
    )
