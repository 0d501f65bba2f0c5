"""Random views of an image: what is drawn (``sampling``), and two ways to make it (``pillow_ops``, ``opencv_ops``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sslrecipes.datasets.transforms.views import opencv_ops, pillow_ops
from sslrecipes.datasets.transforms.views.sampling import ViewParams

Renderer = Callable[[NDArray[np.uint8], Sequence[ViewParams]], list[NDArray[np.uint8]]]

#: How views are made of a BGR image ``(H, W, 3)``: exactly as torchvision does of Pillow images, or much faster.
RENDERERS: dict[str, Renderer] = {'pillow': pillow_ops.render_views, 'opencv': opencv_ops.render_views}
