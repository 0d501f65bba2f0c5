"""Crops of evaluation views, and the resizing before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sslrecipes.config.places import Objection, walk
from sslrecipes.config.rules.checks import size

_ROOTS = ('train_dataloader', 'val_dataloader', 'test_dataloader', 'custom_hooks')


def crops_fit(cfg: Any) -> Iterator[Objection]:
    """A central crop is at most as large as what the resizing before it leaves."""
    for root in _ROOTS:
        for place, steps in walk(cfg.get(root), root):
            if isinstance(steps, (list, tuple)):
                yield from _objections(place, steps)


def _objections(place: str, steps: Sequence[Any]) -> Iterator[Objection]:
    """Look through the transforms of a pipeline, which stands at ``place``."""
    resized: tuple[str, Mapping[str, Any]] | None = None
    for index, step in enumerate(steps):
        kind = str(step.get('type')) if isinstance(step, Mapping) else ''
        if kind in ('Resize', 'ResizeEdge') and size(step.get('scale')) is None:
            resized = f'{place}[{index}].scale', step
        elif kind == 'CenterCrop' and resized and not step.get('auto_pad') and size(step.get('crop_size')) is None:
            about, resize = resized
            crop, before = step['crop_size'], f'{resize["type"]} to scale={resize["scale"]}'
            if not _leaves_room(resize, *_pair(crop)):
                yield (
                    f'{place}[{index}]: the crop would be larger than the image: crop_size={crop} after {before}.',
                    (f'{place}[{index}].crop_size', about),
                )
        elif any(word in kind for word in ('Resize', 'Crop', 'Pad')):
            resized = None


def _leaves_room(resize: Mapping[str, Any], width: int, height: int) -> bool:
    """Tell whether an image of some shape is, after ``resize``, as large as a crop."""
    if resize['type'] == 'ResizeEdge':
        sides = {'short': min(width, height), 'long': max(width, height), 'width': width, 'height': height}
        return sides.get(str(resize.get('edge', 'short')), 0) <= min(_pair(resize['scale']))
    ordered: Callable[[Iterable[int]], Iterable[int]] = sorted if resize.get('keep_ratio') else tuple
    pairs = zip(ordered((width, height)), ordered(_pair(resize['scale'])), strict=True)
    return all(side <= limit for side, limit in pairs)


def _pair(given: Any) -> Sequence[int]:
    return given if isinstance(given, (list, tuple)) else (given, given)
