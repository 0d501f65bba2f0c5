"""The photographs on which two networks are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sslrecipes.datasets.photo_tiles import load_photographs

_SHOWN = ('astronaut', 'coffee')


def probe_images(size: int, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """Two photographs, squeezed to squares and normalised.

    Args:
        size: Side in pixels.
        mean: Mean of R, G and B, 0 to 255.
        std: Standard deviation of R, G and B.

    Returns:
        RGB ``(2, 3, size, size)``, float32.
    """
    held = load_photographs()
    rgb = [Image.fromarray(np.ascontiguousarray(held[name][..., ::-1])).resize((size, size)) for name in _SHOWN]
    images = torch.stack([torch.from_numpy(np.array(picture)) for picture in rgb]).permute(0, 3, 1, 2).float()
    return (images - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
