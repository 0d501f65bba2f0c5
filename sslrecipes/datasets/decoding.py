"""From the bytes of a file to a picture, and the one notion of what a bad picture is."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import mmcv
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sslrecipes.datasets.image_headers import image_size, is_animated_png, is_cut_jpeg

MAX_PIXELS = 178_956_970
"""The size above which Pillow refuses to open a picture: 1/2 GiB of RGB."""

_DECODER_ERRORS = (
    ArithmeticError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    cv2.error, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class BadImageError(ValueError):
    """Bytes that are no whole picture; the message is a reason of a few words."""


def decode_image(
    data: bytes, max_pixels: int = MAX_PIXELS, flag: str = 'color', backend: str | None = 'cv2'
) -> NDArray[np.uint8]:
    """Decode a picture, all of it or nothing.

    The size is read from the header before pixels are allocated. OpenCV up to 4.10 fills the rest of a cut JPEG with
    grey, so its end is looked for. What no decoder can see is seen neither here: pixels that were changed inside a JPEG
    or a lossy WebP without breaking its structure.

    Args:
        data: Content of the file.
        max_pixels: Largest width x height.
        flag: What to return, as in ``mmcv.imfrombytes``.
        backend: Decoder, as in ``mmcv.imfrombytes``.

    Returns:
        ``(H, W, 3)`` BGR uint8 with the default ``flag``.

    Raises:
        BadImageError: It is empty, no picture, too large, cut off or damaged.
    """
    if not data:
        raise BadImageError('empty file')
    width, height = image_size(data) or (0, 0)
    if width * height > max_pixels:
        raise BadImageError(f'too large: {width} x {height} pixels, more than {max_pixels}')
    if is_cut_jpeg(data):
        raise BadImageError('cut off: JPEG without an end')
    if is_animated_png(data):
        backend = 'pillow'  # OpenCV 4.12 crashes at some that are damaged
    try:
        image = mmcv.imfrombytes(data, flag=flag, backend=backend)
    except _DECODER_ERRORS as error:
        raise BadImageError(_reason(data)) from error
    if image is None:
        raise BadImageError(_reason(data))
    return image


def _reason(data: bytes) -> str:
    """Say what is wrong with bytes that the decoder refused: Pillow tells more than OpenCV."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind = image.format
            image.load()
    except UnidentifiedImageError:
        return f'no picture: it begins with {data[:8]!r}'
    except _DECODER_ERRORS as error:
        return f'damaged: {" ".join(str(error).split())[:100]}'
    return f'damaged, or a variant of {kind} that the decoder does not know'
