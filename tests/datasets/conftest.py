"""Small folders of images on disk."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def write_images() -> Callable[..., Path]:
    """Return a function that writes one small random image per relative path and returns the folder."""

    def write(folder: Path, *names: str, size: tuple[int, int] = (40, 50)) -> Path:
        rng = np.random.default_rng(0)
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _, data = cv2.imencode('.png', rng.integers(0, 256, (*size, 3), dtype=np.uint8))
            path.write_bytes(data.tobytes())
        return folder

    return write
