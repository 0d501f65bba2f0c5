"""Two random views of each of several fixed regions of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.regions import LAYOUTS, MONTAGE_SIZE, REGION_CROPS, REGIONS, VIEWS
from sslrecipes.datasets.transforms.views import RENDERERS
from sslrecipes.datasets.transforms.views.pixels import bgr_of
from sslrecipes.datasets.transforms.views.sampling import Box, ViewDistribution, ViewParams
from sslrecipes.errors import DataError
from sslrecipes.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RegionCrops(BaseTransform):
    """Views ``[view 1 of each region, view 2 of each region]`` of one decoded image, as W2SSL has them.

    Two regions are the left and the right part of the image, of full height; four are, in this order, left-top,
    left-bottom, right-top and right-bottom. Each view of a region is a random resized crop of it (aspect 3/4 to 4/3),
    jittered in colour, made grey, blurred (radius 0.1 to 2 pixels), solarised and flipped, each with its probability
    and drawn for itself. The defaults are those of the published recipe.

    Needs ``img`` (H, W, 3) or (H, W), BGR uint8. Sets

    - ``img``: list of 2R arrays, BGR uint8 (side, side, 3), the side being half of ``montage_size``;
    - ``img_shape``: their shapes (side, side);
    - ``crop_boxes``: float32 (2R, 4), the crops as left, top, right, bottom in pixels of the image that came in;
    - ``crop_flips``: bool (2R,), whether the crop was mirrored from left to right;
    - ``view_ids``: int64 (2R,), 0 to 2R - 1.

    Args:
        regions: Number R of regions, 2 or 4.
        overlap: How far a region reaches beyond the middle, as a share of the image's width (with four regions, of its
            height, too); at 0.3 a region has 80 % of the width and shares 60 %.
        montage_size: Side in pixels of the picture that four views are put together to, which the network sees.
        region_scale: Least and largest share of the region's area in a view.
        jitter: Strength of brightness, contrast, saturation and hue, as of torchvision's ``ColorJitter``.
        blur: Probability of blur in view 1 and 2.
        solarize: Probability of solarisation in view 1 and 2.
        jitter_prob: Probability of the jitter.
        grey_prob: Probability of greyscale.
        flip_prob: Probability of a flip.
        backend: As of :class:`sslrecipes.datasets.transforms.multi_crop.MultiCrop`.
        interpolation: How crops are resized, 'bicubic' or 'bilinear'.

    Raises:
        ConfigError: For an option that can't be meant.

    Source: W2SSL (IEEE TCSVT 2023), ``main_moco.py`` and, with four regions, ``ab_study_det/main_crop_moco.py``.
    """

    def __init__(
        self,
        regions: int = REGIONS,
        overlap: float = 0.3,
        montage_size: int = MONTAGE_SIZE,
        region_scale: Sequence[float] = (0.2, 1.0),
        jitter: Sequence[float] = (0.4, 0.4, 0.2, 0.1),
        blur: Sequence[float] = (1.0, 0.1),
        solarize: Sequence[float] = (0.0, 0.2),
        jitter_prob: float = 0.8,
        grey_prob: float = 0.2,
        flip_prob: float = 0.5,
        backend: str = 'pillow',
        interpolation: str = 'bilinear',
    ) -> None:
        probs = {'jitter_prob': jitter_prob, 'grey_prob': grey_prob, 'flip_prob': flip_prob}
        where = {'regions': regions, 'overlap': overlap, 'montage_size': montage_size, 'region_scale': region_scale}
        colours = {'jitter': jitter, 'blur': blur, 'solarize': solarize}
        how = {'backend': backend, 'interpolation': interpolation}
        refuse_bad_values('RegionCrops', {**how, **where, **colours, **probs}, REGION_CROPS)
        self.regions = regions
        self.overlap = overlap
        self.backend = backend
        (least, most), side = region_scale, montage_size // 2
        pairs = [
            ViewDistribution(side, (least, most), tuple(jitter), *odds, **probs, interpolation=interpolation)
            for odds in zip(blur, solarize, strict=True)
        ]
        self.views = tuple(view for view in pairs for _ in range(regions))

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by the views of its regions.

        Raises:
            DataError: The image is so small that a region of it has no pixels, or isn't one of bytes with one or three
                channels.
        """
        name = results.get('img_path') or 'an image'
        image = bgr_of(results['img'], 'RegionCrops', name)
        height, width = image.shape[:2]
        boxes = region_boxes(self.regions, width, height, self.overlap)
        refuse_empty(boxes, (width, height), f'RegionCrops: {name}')
        params = [_drawn_in(box, view) for view, box in zip(self.views, boxes * VIEWS, strict=True)]
        results.setdefault('ori_shape', (height, width))
        results['img'] = RENDERERS[self.backend](image, params)
        results['img_shape'] = [(view.size, view.size) for view in params]
        results['crop_boxes'] = np.array([view.box for view in params], np.float32)
        results['crop_flips'] = np.array([view.flip for view in params])
        results['view_ids'] = np.arange(len(params))
        return results

    def __repr__(self) -> str:
        first, second = self.views[0], self.views[-1]
        where = f'regions={self.regions}, overlap={self.overlap}'
        return f'RegionCrops({where}, backend={self.backend!r}, view1={first}, view2={second})'


def region_boxes(regions: int, width: int, height: int, overlap: float) -> list[Box]:
    """Boxes of the regions of an image in pixels, whose bounds are rounded as Pillow's crop does: halves to even.

    Args:
        regions: How many, 2 or 4.
        width: Of the image.
        height: Of the image.
        overlap: See :class:`RegionCrops`.
    """
    columns = _halves(width, overlap)
    rows = _halves(height, overlap) if regions == len(LAYOUTS[4]) else [(0, height)]
    return [(left, top, right, bottom) for left, right in columns for top, bottom in rows]


def refuse_empty(boxes: Sequence[Box], size: tuple[int, int], name: str) -> None:
    """Refuse an image without pixels in one of its regions.

    Args:
        boxes: Those of all regions.
        size: Width and height of the image.
        name: What the image is called, behind the transform.

    Raises:
        DataError: If it is so small.
    """
    for region, (left, top, right, bottom) in zip(LAYOUTS[len(boxes)], boxes, strict=True):
        if left >= right or top >= bottom:
            raise DataError(
                f'{name}, {size[0]} x {size[1]} pixels, is too small for {len(boxes)} regions: nothing is left for the '
                f'{region} one. Take it out of the data.'
            )


def _halves(length: int, overlap: float) -> list[tuple[int, int]]:
    """Begin and end of the first and the second half of a side, each longer by a share of it."""
    middle, reach = length // 2, overlap * length
    return [(0, round(middle + reach)), (round(middle - reach), length)]


def _drawn_in(region: Box, view: ViewDistribution) -> ViewParams:
    """Draw a view of a region; its crop is told in pixels of the image."""
    left, top, right, bottom = region
    drawn = view.draw(bottom - top, right - left)
    box = (drawn.box[0] + left, drawn.box[1] + top, drawn.box[2] + left, drawn.box[3] + top)
    return replace(drawn, box=box)
