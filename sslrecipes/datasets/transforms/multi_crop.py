"""Several random views of one image, some of the whole and some of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from numpy.typing import NDArray

from sslrecipes.datasets.transforms.views import RENDERERS
from sslrecipes.datasets.transforms.views.sampling import JITTERS, ViewDistribution
from sslrecipes.errors import ConfigError, DataError, did_you_mean
from sslrecipes.registry import TRANSFORMS

PLACES = ('g1', 'g2', 'locals')


@TRANSFORMS.register_module()
class MultiCrop(BaseTransform):
    """Views ``[g1, g2, l1 ... lL]`` of one decoded image (SwAV, Caron et al. 2020; DINO, Caron et al. 2021).

    Each is a random resized crop (bicubic, aspect 3/4 to 4/3), then flipped, jittered in colour, made grey, blurred
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

    Raises:
        ConfigError: For an option that can't be meant.
    """

    def __init__(
        self,
        global_size: int = 224,
        global_scale: Sequence[float] = (0.14, 1.0),
        local_size: int = 96,
        local_scale: Sequence[float] = (0.05, 0.14),
        num_locals: int = 6,
        jitter: Sequence[float] = (0.4, 0.4, 0.2, 0.1),
        blur: Sequence[float] = (1.0, 0.1, 0.5),
        solarize: Sequence[float] = (0.0, 0.2, 0.0),
        jitter_prob: float = 0.8,
        grey_prob: float = 0.2,
        flip_prob: float = 0.5,
        backend: str = 'pillow',
    ) -> None:
        if backend not in RENDERERS:
            hint = did_you_mean(str(backend), list(RENDERERS))
            raise ConfigError(f'MultiCrop: backend must be one of {", ".join(RENDERERS)}, not "{backend}".{hint}')
        if not _is_whole(num_locals) or num_locals < 0:
            raise ConfigError(f'MultiCrop: num_locals must be a whole number of at least 0, not {num_locals!r}.')
        _check_jitter(jitter)
        for name, probabilities in (('blur', blur), ('solarize', solarize)):
            _check_probabilities(name, probabilities)
        shared = {'jitter_prob': jitter_prob, 'grey_prob': grey_prob, 'flip_prob': flip_prob}
        for name, probability in shared.items():
            if not _is_share(probability):
                raise ConfigError(f'MultiCrop: {name} must be from 0 to 1, not {probability!r}.')
        self.backend = backend
        crops = [('global', global_size, global_scale)] * 2 + [('local', local_size, local_scale)]
        g1, g2, local = (
            ViewDistribution(
                _checked_size(kind, size), _checked_scale(kind, scale), tuple(jitter), blur[i], solarize[i], **shared
            )
            for i, (kind, size, scale) in enumerate(crops)
        )
        self.views = (g1, g2, *[local] * num_locals)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by its views.

        Raises:
            DataError: The image is empty, or isn't one of bytes with one or three channels.
        """
        image = _bgr(results['img'], results.get('img_path', 'an image'))
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


def _bgr(image: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,), (3,)):
        raise DataError(f'MultiCrop needs images (H, W, 3) of bytes; {name} is {image.shape} of {image.dtype}.')
    if not image.size:
        raise DataError(f'MultiCrop: {name} is empty, {image.shape[1]} x {image.shape[0]} pixels.')
    return image if image.shape[2:] == (3,) else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)


def _checked_size(kind: str, size: int) -> int:
    if not _is_whole(size) or size < 1:
        raise ConfigError(f'MultiCrop: {kind}_size must be a whole number of at least 1, not {size!r}.')
    return size


def _checked_scale(kind: str, scale: Sequence[float]) -> tuple[float, float]:
    name = f'MultiCrop: {kind}_scale'
    if not _are_numbers(scale, 2) or not 0 < scale[0] <= scale[1]:
        raise ConfigError(f'{name} must be a least and a largest share of the area above 0, not {scale!r}.')
    if scale[1] > 1:
        raise ConfigError(f'{name} is {tuple(scale)}, but a crop of more than 1 would be larger than the image.')
    return scale[0], scale[1]


def _check_jitter(jitter: Sequence[float]) -> None:
    if not _are_numbers(jitter, len(JITTERS)) or min(jitter) < 0 or jitter[-1] > 0.5:
        raise ConfigError(
            f'MultiCrop: jitter must be the strengths of {", ".join(JITTERS)}, none below 0 and the last at most 0.5, '
            f'not {jitter!r}.'
        )


def _check_probabilities(name: str, values: Sequence[float]) -> None:
    if not _are_numbers(values, len(PLACES)) or not all(map(_is_share, values)):
        raise ConfigError(
            f'MultiCrop: {name} must be {len(PLACES)} probabilities, of {", ".join(PLACES)}, not {values!r}.'
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return isinstance(value, (int, float)) and 0 <= value <= 1


def _are_numbers(values: Any, count: int) -> bool:
    listed = isinstance(values, (list, tuple)) and len(values) == count
    return listed and all(isinstance(value, (int, float)) for value in values)
