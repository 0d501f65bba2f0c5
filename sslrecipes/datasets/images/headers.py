"""What the first bytes of a picture tell, without decoding it: microseconds for the formats of data sets.

Pillow reads headers too, but takes 15 times as long for a JPEG.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from PIL import Image

_PNG = b'\x89PNG\r\n\x1a\n'
_START_OF_FRAME = frozenset((*range(0xC0, 0xD0),)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = b'\xff\xd9'
_WEBP_HAS_EXIF = 0x08
_AVIF = (b'ftypavif', b'ftypavis')
_PILLOW_ERRORS = (LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error)
_TRAITS = {
    'grey': {'1', 'L', 'LA', 'La', 'I', 'F', 'I;16', 'I;16B', 'I;16L', 'I;16N'},
    'CMYK': {'CMYK'},
    'palette': {'P', 'PA'},
    'transparency': {'RGBA', 'RGBa', 'LA', 'La', 'PA'},
}
_segment = struct.Struct('>BBH').unpack_from
_frame = struct.Struct('>xHH').unpack_from


def size_in_header(data: bytes) -> tuple[int, int] | None:
    """Return (width, height) in pixels as the header states them, or ``None`` if nobody can tell."""
    if data.startswith(b'\xff\xd8'):
        return jpeg_layout(data)[0]
    if data.startswith(_PNG) and len(data) >= 24:
        return struct.unpack_from('>II', data, 16)
    if data.startswith(b'RIFF') and len(data) >= 30:
        return _webp_size(data)
    return _size_by_pillow(data)


def is_cut_jpeg(data: bytes) -> bool:
    """Tell whether ``data`` is a JPEG that has no end-of-image marker after its first scan began.

    Searching from the back finds it at once, also before trailing bytes; that of an EXIF thumbnail comes before.
    """
    return data.startswith(b'\xff\xd8') and data.rfind(_END_OF_IMAGE, jpeg_layout(data)[1]) < 0


def is_animated_png(data: bytes) -> bool:
    """Tell whether ``data`` is a PNG that holds more than one picture: the control chunk comes before the pixels."""
    return data.startswith(_PNG) and data.find(b'acTL', len(_PNG), data.find(b'IDAT')) >= 0


def is_for_pillow(data: bytes) -> bool:
    """Tell whether OpenCV makes something else of a picture than of the same in another format.

    It does not turn WebP and AVIF upright, blends TIFF with transparency into black and GIF into the background, and
    version 4.12 crashes at some animated PNG that are damaged.
    """
    if data.startswith(b'RIFF'):
        return data[12:16] == b'VP8X' and bool(data[20] & _WEBP_HAS_EXIF)
    if data.startswith((b'II', b'MM')):
        with suppress(*_PILLOW_ERRORS), _opened(data) as image:
            return image.mode in _TRAITS['transparency']
    return data.startswith(b'GIF8') or data[4:12] in _AVIF or is_animated_png(data)


def jpeg_layout(data: bytes) -> tuple[tuple[int, int] | None, int]:
    """Walk over the segments of a JPEG up to the first scan (ITU-T T.81, annex B).

    Returns:
        (width, height) or ``None``, and the offset at which the walk ended.
    """
    size, at, end = None, 2, len(data) - 9
    while at < end:
        prefix, marker, length = _segment(data, at)
        if prefix != 0xFF or marker == _START_OF_SCAN:
            break
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _START_OF_FRAME:
            height, width = _frame(data, at + 4)
            size = width, height
        at += 2 + length
    return size, at


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Read the first chunk: extended, lossy or lossless (RFC 9649)."""
    kind = data[12:16]
    if kind == b'VP8X':
        return 1 + int.from_bytes(data[24:27], 'little'), 1 + int.from_bytes(data[27:30], 'little')
    if kind == b'VP8 ':
        width, height = struct.unpack_from('<HH', data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b'VP8L':
        bits = int.from_bytes(data[21:25], 'little')
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def image_traits(data: bytes, suffix: str) -> tuple[str, ...]:
    """Name what is unusual about a picture: colours, depth, or a format that its file name doesn't say.

    Args:
        data: The file.
        suffix: End of its name, such as ``'.jpg'``.
    """
    try:
        with _opened(data) as image:
            found = [trait for trait, modes in _TRAITS.items() if image.mode in modes]
            if ';16' in str(getattr(image, 'tile', '')):
                found.append('16 bits')
            kind = 'JPEG' if image.format == 'MPO' else image.format
    except _PILLOW_ERRORS:
        return ()
    if Image.registered_extensions().get(suffix.lower()) != kind:
        found.append('other format than its name says')
    return tuple(found)


def _size_by_pillow(data: bytes) -> tuple[int, int] | None:
    try:
        with _opened(data) as image:
            return image.size
    except _PILLOW_ERRORS:
        return None


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """Open a picture for its header only, without Pillow's warning of, or refusal to open, large pictures."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(io.BytesIO(data)) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = limit
