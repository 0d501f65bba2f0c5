"""How many channels an image has on its way from the file to the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk

#: Options of data preprocessors that swap the first channel and the last.
SWAPS = ('to_rgb', 'bgr_to_rgb', 'rgb_to_bgr')


def grey_images_fit(cfg: Any) -> Iterator[Objection]:
    """Images that are loaded with one channel are not swapped as if they had three, and go into a network for one."""
    prepared = value_at(cfg, 'model.data_preprocessor') or cfg.get('data_preprocessor') or {}
    swap = next((option for option in SWAPS if isinstance(prepared, Mapping) and prepared.get(option)), None)
    channels = max(len(value) for value in (value_at(prepared, 'mean'), [0]) if isinstance(value, (list, tuple)))
    expected = value_at(cfg, 'model.backbone.in_channels', 3)
    for place in _grey_loads(cfg):
        said = f'{place} loads images with one channel, but '
        hint = 'leave color_type out, for grey files are loaded as colour images, too'
        if swap:
            yield f'{said}data_preprocessor.{swap} swaps the channels of three: set it to False, or {hint}.', (place,)
        elif expected != channels:
            yield f'{said}model.backbone.in_channels is {expected}: set it to {channels}, or {hint}.', (place,)


def _grey_loads(cfg: Any) -> Iterator[str]:
    """Places where the loaders, or the bank of an evaluation, ask for grey images."""
    for key in ('train_dataloader', 'val_dataloader', 'test_dataloader', 'val_cfg', 'test_cfg'):
        for place, node in walk(cfg.get(key), key):
            if place.endswith('.color_type') and isinstance(node, str) and node.startswith('gray'):
                yield place
