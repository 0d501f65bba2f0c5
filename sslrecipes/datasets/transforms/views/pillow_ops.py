"""Views exactly as torchvision makes them of Pillow images."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torchvision.transforms.functional as tvf
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torchvision.transforms import InterpolationMode

from sslrecipes.datasets.transforms.views.sampling import ViewParams

_ADJUST = {
    'brightness': tvf.adjust_brightness,
    'contrast': tvf.adjust_contrast,
    'saturation': tvf.adjust_saturation,
    'hue': tvf.adjust_hue,
}


def render_views(image: NDArray[np.uint8], views: Sequence[ViewParams]) -> list[NDArray[np.uint8]]:
    """Make views of a BGR image ``(H, W, 3)``, each BGR ``(size, size, 3)``."""
    picture = Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return [cv2.cvtColor(np.asarray(_render(picture, view)), cv2.COLOR_RGB2BGR) for view in views]


def _render(picture: Image.Image, view: ViewParams) -> Image.Image:
    left, top, right, bottom = view.box
    size, how = [view.size, view.size], InterpolationMode(view.interpolation)
    picture = tvf.resized_crop(picture, top, left, bottom - top, right - left, size, how)
    if view.flip:
        picture = tvf.hflip(picture)
    for name, factor in view.jitter:
        picture = _ADJUST[name](picture, factor)
    if view.grey:
        picture = tvf.rgb_to_grayscale(picture, num_output_channels=3)
    if view.blur is not None:
        picture = picture.filter(ImageFilter.GaussianBlur(view.blur))
    return tvf.solarize(picture, 128) if view.solarize else picture
