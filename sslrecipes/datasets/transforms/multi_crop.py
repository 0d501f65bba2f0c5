"""Several random views of one image, some of the whole and some of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.views import GLOBAL_SIZE, LOCAL_SIZE, MULTI_CROP, NUM_GLOBALS, NUM_LOCALS
from sslrecipes.datasets.transforms.views import RENDERERS
from sslrecipes.datasets.transforms.views.pixels import bgr_of
from sslrecipes.datasets.transforms.views.sampling import ViewDistribution
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class MultiCrop(BaseTransform):
    """Views ``[g1, g2, l1 ... lL]`` of one decoded image (SwAV, Caron et al. 2020; DINO, Caron et al. 2021).

    Each is a random resized crop (aspect 3/4 to 4/3), then flipped, jittered in colour, made grey, blurred
    (radius 0.1 to 2 pixels) and solarised, each with its probability. The defaults are those of DINO and MoCo.

    Needs ``img`` (H, W, 3) or (H, W), BGR uint8. Sets

    - ``img``: list of V arrays, BGR uint8 (size, size, 3);
    - ``img_shape``: their shapes (size, size);
    - ``crop_boxes``: float32 (V, 4), the crops as left, top, right, bottom in pixels of the image that came in;
    - ``crop_flips``: bool (V,), whether the crop was mirrored from left to right;
    - ``view_ids``: int64 (V,), 0 to V - 1.

    Args:
        global_size: Side of g1 and g2 in pixels.
        global_scale: Least and largest share of the image's area in g1 and g2.
        local_size: Side of the local views in pixels.
        local_scale: Least and largest share of the image's area in a local view.
        num_locals: Number L of local views.
        jitter: Strength of brightness, contrast, saturation and hue, as of torchvision's ``ColorJitter``.
        blur: Probability of blur for g1, g2 and each local view.
        solarize: Probability of solarisation for g1, g2 and each local view.
        jitter_prob: Probability of the jitter.
        grey_prob: Probability of greyscale.
        flip_prob: Probability of a flip.
        backend: 'pillow': to the last bit what torchvision makes of Pillow images; 'opencv': several times faster,
            with differences of a few grey levels (see :mod:`sslrecipes.datasets.transforms.views.opencv_ops`).
        interpolation: How crops are resized, 'bicubic' or 'bilinear'.

    Raises:
        ConfigError: For an option that can't be meant.
    """

    def __init__(
        self,
        global_size: int = GLOBAL_SIZE,
        global_scale: Sequence[float] = (0.14, 1.0),
        local_size: int = LOCAL_SIZE,
        local_scale: Sequence[float] = (0.05, 0.14),
        num_locals: int = NUM_LOCALS,
        jitter: Sequence[float] = (0.4, 0.4, 0.2, 0.1),
        blur: Sequence[float] = (1.0, 0.1, 0.5),
        solarize: Sequence[float] = (0.0, 0.2, 0.0),
        jitter_prob: float = 0.8,
        grey_prob: float = 0.2,
        flip_prob: float = 0.5,
        backend: str = 'pillow',
        interpolation: str = 'bicubic',
    ) -> None:
        probs = {'jitter_prob': jitter_prob, 'grey_prob': grey_prob, 'flip_prob': flip_prob}
        sizes = {'global_size': global_size, 'local_size': local_size}
        scales = {'global_scale': global_scale, 'local_scale': local_scale}
        lists = {'jitter': jitter, 'blur': blur, 'solarize': solarize}
        how = {'backend': backend, 'interpolation': interpolation}
        given = {**how, 'num_locals': num_locals, **sizes, **scales, **lists, **probs}
        refuse_bad_values('MultiCrop', given, MULTI_CROP)
        self.backend = backend
        crops = [(global_size, global_scale)] * NUM_GLOBALS + [(local_size, local_scale)]
        g1, g2, local = (
            ViewDistribution(size, scale, tuple(jitter), blur[i], solarize[i], **probs, interpolation=interpolation)
            for i, (size, scale) in enumerate((size, (least, most)) for size, (least, most) in crops)
        )
        self.views = (g1, g2, *[local] * num_locals)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by its views.

        Raises:
            DataError: The image is empty, or isn't one of bytes with one or three channels.
        """
        image = bgr_of(results['img'], 'MultiCrop', results.get('img_path', 'an image'))
        height, width = image.shape[:2]
        params = [view.draw(height, width) for view in self.views]
        results.setdefault('ori_shape', (height, width))
        results['img'] = RENDERERS[self.backend](image, params)
        results['img_shape'] = [(view.size, view.size) for view in params]
        results['crop_boxes'] = np.array([view.box for view in params], np.float32)
        results['crop_flips'] = np.array([view.flip for view in params])
        results['view_ids'] = np.arange(len(params))
        return results

    def __repr__(self) -> str:
        g1, g2, *local = self.views
        return f'MultiCrop(backend={self.backend!r}, g1={g1}, g2={g2}, {len(local)} x {local[0] if local else "local"})'
