"""From the bytes of a file to a picture, the same for training, evaluation and pictures to look at.

Whatever the format, a picture is upright (as its EXIF or TIFF orientation tells), its transparency is dropped (pixels
keep the colours that they have beneath it, also those of a palette), of 16 bits the upper 8 are kept, grey becomes
three equal channels, CMYK becomes RGB without a profile, and of several pictures in a file the first counts. But for
orientation and depth that is what the loaders of official code do, Pillow's ``convert('RGB')``, which turn TIFF
only: ``color_type='color_ignore_orientation'`` does as they do.
"""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from mmcv.image.io import imfrombytes as decode_by_mmcv
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sslrecipes.datasets.images.headers import is_animated_png, is_cut_jpeg, is_for_pillow, size_in_header

MAX_PIXELS = 178_956_970
"""The size above which Pillow refuses to open a picture: 1/2 GiB of RGB."""

_DECODER_ERRORS = (
    ArithmeticError, EOFError, LookupError, OSError, RuntimeError, SyntaxError, TypeError, ValueError,
    cv2.error, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
_ORIENTATION_IGNORED = '_ignore_orientation'


class BadImageError(ValueError):
    """Bytes that are no whole picture; the message is a reason of a few words."""


def decode_image(
    data: bytes,
    max_pixels: int = MAX_PIXELS,
    flag: str = 'color',
    backend: str | None = 'cv2',
    channel_order: str = 'bgr',
) -> NDArray[np.uint8]:
    """Decode a picture, all of it or nothing.

    The size is read from the header before pixels are allocated. OpenCV up to 4.10 fills the rest of a cut JPEG with
    grey, so its end is looked for. What no decoder can see is seen neither here: pixels that were changed inside a JPEG
    or a lossy WebP without breaking its structure.

    Args:
        data: Content of the file.
        max_pixels: Largest width x height.
        flag: What to return, as in ``mmcv.imfrombytes``; with ``'unchanged'``, as for segmentation maps, what the
            decoder makes of the file.
        backend: Decoder, as in ``mmcv.imfrombytes``.
        channel_order: ``'bgr'`` or ``'rgb'``.

    Returns:
        ``(H, W, 3)`` BGR uint8 with the default ``flag``.

    Raises:
        BadImageError: It is empty, no picture, too large, cut off or damaged.
    """
    data = bytes(data)
    _check_undecoded(data, max_pixels)
    try:
        ours = isinstance(flag, str) and flag != 'unchanged'  # not a number of OpenCV's
        if ours and (backend == 'pillow' or is_for_pillow(data)):
            image = _decode_by_pillow(data, flag, channel_order)
        else:
            image = decode_by_mmcv(data, flag, channel_order, 'pillow' if is_animated_png(data) else backend)
    except _DECODER_ERRORS as error:
        raise BadImageError(_reason(data)) from error
    if image is None:
        raise BadImageError(_reason(data))
    return image


def imfrombytes(
    content: bytes, flag: str = 'color', channel_order: str = 'bgr', backend: str | None = None
) -> NDArray[np.uint8]:
    """:func:`decode_image` with the arguments of ``mmcv.imfrombytes``, whose place it takes."""
    return decode_image(content, flag=flag, backend=backend, channel_order=channel_order)


def _check_undecoded(data: bytes, max_pixels: int) -> None:
    if not data:
        raise BadImageError('empty file')
    width, height = size_in_header(data) or (0, 0)
    if width * height > max_pixels:
        raise BadImageError(f'too large: {width} x {height} pixels, more than {max_pixels}')
    if is_cut_jpeg(data):
        raise BadImageError('cut off: JPEG without an end')


def _decode_by_pillow(data: bytes, flag: str, channel_order: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        image = opened if flag.endswith(_ORIENTATION_IGNORED) else _upright(opened)
        if image.mode.startswith('I;16') or (image.mode == 'I' and opened.format in ('PNG', 'PPM')):
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if image.mode in 'IF':
            raise ValueError('32 bits per pixel')
        if flag.startswith('grayscale'):
            return np.asarray(image.convert('RGB').convert('L'))
        pixels = np.asarray(image.convert('RGB'))
    return np.ascontiguousarray(pixels if channel_order == 'rgb' else pixels[..., ::-1])


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _DECODER_ERRORS:  # the pixels are good, only the notes on them aren't
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
