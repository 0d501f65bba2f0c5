"""Figures of matplotlib as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.files.writing import write_atomic


def save_figure(figure: Any, out: str | Path) -> Path:
    """Write a figure, in the format that the file's ending says, or as PNG.

    Returns:
        ``out``.

    Raises:
        StorageError: It can't be written.
    """
    out = Path(out)
    return write_atomic(out, lambda file: figure.savefig(file, format=out.suffix.removeprefix('.') or 'png'))
