"""A labelled grid of pictures: one column per kind of picture, one row per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from sslrecipes.visualization.labels import drawn_label

_GAP = 6
_FONT_SIZE = 14
_LINE = 19
_BLACK = (0, 0, 0)
_DARK_GREY = (80, 80, 80)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def picture_grid(
    columns: Mapping[str, Tensor], title: str = '', caption: str = '', min_tile: int = 160, notes: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """Lay out pictures in named columns, with a title above, a note below each row and a caption below all.

    Args:
        columns: For each column name the pictures, uint8 RGB ``(B, 3, H, W)``; a column has its own size.
        title: First line of the picture; left out when empty.
        caption: Text below the tiles, wrapped to the width of the grid; left out when empty.
        min_tile: Smaller pictures are magnified by a whole factor (nearest neighbour) to at least this many pixels.
        notes: One line for each row, cut off if it is too long; none when empty.

    Returns:
        The grid, uint8 RGB ``(height, width, 3)``.
    """
    tiles = {name: _magnified(pictures, min_tile) for name, pictures in columns.items()}
    rows, row_height = (max(column.shape[axis] for column in tiles.values()) for axis in (0, 1))
    width = sum(column.shape[2] + _GAP for column in tiles.values()) + _GAP
    font = ImageFont.load_default(size=_FONT_SIZE)
    title_lines, caption_lines = (_wrapped(drawn_label(text), font, width - 2 * _GAP) for text in (title, caption))
    top = _GAP + (len(title_lines) + 1) * _LINE
    step = row_height + _GAP + _LINE * bool(notes)
    bottom = top + rows * step

    canvas = Image.new('RGB', (width, bottom + len(caption_lines) * _LINE + _GAP), 'white')
    draw = ImageDraw.Draw(canvas)
    _write(draw, title_lines, _GAP, font, _BLACK)
    left = _GAP
    for name, pictures in tiles.items():
        draw.text((left, top - _LINE), drawn_label(name), fill=_BLACK, font=font)
        for row, picture in enumerate(pictures):
            canvas.paste(Image.fromarray(picture), (left, top + row * step))
        left += pictures.shape[2] + _GAP
    for row, note in enumerate(notes, start=1):
        _write(draw, [drawn_label(note)], top + row * step - _GAP - _LINE, font, _DARK_GREY)
    _write(draw, caption_lines, bottom, font, _DARK_GREY)
    return np.asarray(canvas)


def _magnified(pictures: Tensor, min_tile: int) -> NDArray[np.uint8]:
    """Return ``(B, 3, H, W)`` as ``(B, kH, kW, 3)`` with the smallest whole factor k that reaches ``min_tile``."""
    factor = max(1, -(-min_tile // min(pictures.shape[-2:])))
    magnified = interpolate(pictures, scale_factor=factor, mode='nearest') if factor > 1 else pictures
    return magnified.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _wrapped(text: str, font: Font, width: int) -> list[str]:
    lines: list[str] = []
    space, length = font.getlength(' '), 0.0
    for word in text.split():
        needed = font.getlength(word)
        if lines and length + space + needed <= width:
            lines[-1] += f' {word}'
            length += space + needed
        else:
            lines.append(word)
            length = needed
    return lines


def _write(draw: ImageDraw.ImageDraw, lines: Sequence[str], top: int, font: Font, colour: tuple[int, int, int]) -> None:
    for number, line in enumerate(lines):
        draw.text((_GAP, top + number * _LINE), line, fill=colour, font=font)
