"""A small classification task of real objects, from the stamps that Debian packages for Tux Paint."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from sslrecipes.datasets.cutouts import Picture, blend
from sslrecipes.datasets.embedded import EmbeddedDataset
from sslrecipes.datasets.photo_tiles import evenly_spread, load_photographs
from sslrecipes.datasets.scene_drawing import cut_texture
from sslrecipes.datasets.stamp_files import DEBIAN_FOLDER, Stamp, check_stamps, draw_stamp, load_stamps
from sslrecipes.datasets.stamp_names import STAMPS
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS

BACKGROUNDS = ('photo', 'neutral')
_SHOW_OBJECTS = ('chelsea', 'flower', 'motorcycle_left')  # a cat, a flower, a vehicle: of the classes
_NEUTRAL = (124, 116, 104)  # the mean of ImageNet: nothing, once it is normalised


@DATASETS.register_module()
class Stamps(EmbeddedDataset):
    """Objects cut out of photographs, each laid on backgrounds at several places and sizes.

    Ten classes of 7 to 23 objects for training and 4 to 12 others for validation (few-shot). Every class has as many
    pictures as the others, so that its rarer objects are shown more often. Backgrounds are cut from the photographs of
    ``PhotoTiles``; splits share no pixel of them. A picture depends on nothing but ``seed``, its split, class and
    number, so that it is the same in each epoch.

    Each sample has ``img`` ``(size, size, 3)`` BGR uint8, ``img_shape``, ``ori_shape``, ``gt_label``, the name of its
    ``stamp`` and ``sample_idx``.

    Args:
        split: ``'train'`` or ``'val'``.
        size: Side of a picture in pixels; objects have at most 256, and many of fruits and tools about 50.
        per_class: Pictures of each class, which its objects share.
        shots: Objects of each class to use, evenly spaced in the list; ``None`` means all.
        background: ``'photo'`` or ``'neutral'`` (grey).
        scale: Least and largest share of ``size`` that an object's longer side has.
        seed: Chooses places, sizes and backgrounds.
        data_root: Folder of the stamps, ``animals/``, ``food/`` ...
        **kwargs: ``pipeline``, ``indices``, ``test_mode``, ``lazy_init`` ... of mmpretrain's ``BaseDataset``.

    Raises:
        ConfigError: An argument that can't be meant.
        DataError: The stamps aren't installed, or are of another version.
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': tuple(STAMPS)}

    def __init__(
        self,
        split: str = 'train',
        size: int = 48,
        per_class: int = 120,
        shots: int | None = None,
        background: str = 'photo',
        scale: tuple[float, float] = (0.6, 1.0),
        seed: int = 0,
        data_root: str = DEBIAN_FOLDER,
        **kwargs: Any,
    ) -> None:
        counts = {'size': size, 'per_class': per_class, 'shots': 1 if shots is None else shots}
        if low := [name for name, count in counts.items() if count < 1]:
            raise ConfigError(f'Stamps needs {low[0]} of at least 1, not {counts[low[0]]}.')
        if background not in BACKGROUNDS:
            raise ConfigError(f'Stamps has the backgrounds {" and ".join(BACKGROUNDS)}, not "{background}".')
        if len(scale) != 2 or not 0 < scale[0] <= scale[1] <= 1:
            raise ConfigError(f'Stamps needs a scale of two shares of the picture in order, not {tuple(scale)}.')
        self.size, self.per_class, self.shots = size, per_class, shots
        self.background, self.seed = background, seed
        self.sides = [max(round(share * size), 1) for share in scale]
        super().__init__(split, data_root=data_root, **kwargs)

    @classmethod
    def check_source(cls, cfg: Mapping[str, Any]) -> None:
        """Check that the stamps are there, and are those of the lists."""
        check_stamps(cfg.get('data_root', DEBIAN_FOLDER))

    def load_data_list(self) -> list[dict[str, Any]]:
        """List class and number of every picture, with its object."""
        members: list[list[str]] = [[] for _ in STAMPS]
        for name, stamp in load_stamps(self.split, self.data_root).items():
            members[stamp.label].append(name)
        return [
            {'stamp': name, 'number': number, 'gt_label': label}
            for label, names in enumerate(members)
            for number, name in enumerate(islice(cycle(evenly_spread(names, self.shots)), self.per_class))
        ]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return the picture, drawn anew, and its label."""
        info: dict[str, Any] = super().get_data_info(idx)
        stamp = load_stamps(self.split, self.data_root)[info['stamp']]
        rng = np.random.default_rng([self.seed, self.SPLITS.index(self.split), stamp.label, info.pop('number')])
        info['img'] = np.ascontiguousarray(self._draw(rng, stamp)[..., ::-1])
        info['img_shape'] = info['ori_shape'] = (self.size, self.size)
        return info

    def _draw(self, rng: Generator, stamp: Stamp) -> Picture:
        """Lay an object on a background, RGB ``(size, size, 3)``."""
        picture = self._draw_background(rng)
        cutout = draw_stamp(rng, stamp, int(rng.integers(self.sides[0], self.sides[1] + 1)))
        assert cutout.surface is not None
        height, width = cutout.shape.shape
        top, left = rng.integers(self.size - height + 1), rng.integers(self.size - width + 1)
        blend(picture[top : top + height, left : left + width], cutout.shape, cutout.surface)
        return picture

    def _draw_background(self, rng: Generator) -> Picture:
        if self.background == 'neutral':
            return np.full((self.size, self.size, 3), _NEUTRAL, np.uint8)
        names = [name for name in load_photographs() if name not in _SHOW_OBJECTS]
        return cut_texture(rng, names[rng.integers(len(names))], self.split, self.size).copy()

    def extra_repr(self) -> list[str]:
        """State how the pictures are made, the split and the pictures per class."""
        shots = 'all objects' if self.shots is None else f'{self.shots} objects of each class'
        return [f'Size: \t{self.size} px, {shots}, background {self.background}', *super().extra_repr()]
