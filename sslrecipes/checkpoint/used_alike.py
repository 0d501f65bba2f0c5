"""Whether a model that takes the weights of a file is used as the network was that they come from."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import cycle, islice
from math import isclose
from typing import Any
from weakref import WeakKeyDictionary

from mmengine.logging import print_log
from torch import Tensor, nn

from sslrecipes.checkpoint.stated import TrainingFacts
from sslrecipes.errors import CheckpointError

_filled: WeakKeyDictionary[nn.Module, tuple[str, TrainingFacts]] = WeakKeyDictionary()
_TOLERANCE = 0.01


def check_used_alike(
    model: nn.Module, facts: TrainingFacts, source: str, sizes: bool = True, picture_size: int | None = None
) -> None:
    """Compare a model with what the file says that fills it, as far as weights don't show it.

    Another number of heads makes another network of the same weights: it is refused. Pictures that are normalised
    otherwise, have their channels in another order or another size may be meant: there is a warning.

    Args:
        model: The model, or its backbone, which tells less.
        facts: What the file says.
        source: What the file is called in messages.
        sizes: Compare the size of pictures, strides and dilations. Detectors and segmentors have others on purpose.
        picture_size: Side of the pictures that are at hand, if it is known.

    Raises:
        CheckpointError: The numbers of heads differ.
    """
    check_heads(model, facts, source)
    warn_of_differences(model, facts, source, sizes)
    _warn(source, *(_picture_sizes(facts, picture_size) if sizes else ()))


def warn_of_differences(model: nn.Module, facts: TrainingFacts, source: str, sizes: bool = True) -> None:
    """The warnings of :func:`check_used_alike` that need no more than the model."""
    _filled[model] = source, facts
    _warn(source, *_pixels(model, facts), *((*_sizes(model, facts), *_settings(model, facts)) if sizes else ()))


def check_parts_used_alike(model: nn.Module, picture_size: int | None = None) -> None:
    """Compare the pictures of a whole model with what the files say that filled parts of it."""
    for part in model.modules():
        if part is not model and part in _filled:
            source, facts = _filled[part]
            _warn(source, *_pixels(model, facts), *_picture_sizes(facts, picture_size))


def _warn(source: str, *differences: str) -> None:
    for difference in differences:
        print_log(f'"{source}" was trained {difference}.', logger='current', level=logging.WARNING)


def check_heads(model: nn.Module, facts: TrainingFacts, source: str) -> None:
    """Compare the number of heads of a ViT, and of the decoder of a masked autoencoder.

    Raises:
        CheckpointError: They differ.
    """
    for place, blocks, trained in (
        ('backbone', 'layers', facts.heads),
        ('neck', 'decoder_blocks', facts.decoder_heads),
    ):
        part = getattr(model, place, model if hasattr(model, blocks) else None)
        heads = getattr(getattr(next(iter(getattr(part, blocks, ())), None), 'attn', None), 'num_heads', trained)
        if trained and heads != trained:
            what = 'heads' if place == 'backbone' else 'heads in the decoder'
            raise CheckpointError(f'"{source}": it was trained with {trained} {what}, the model has {heads}.')


def _pixels(model: nn.Module, facts: TrainingFacts) -> Iterator[str]:
    """Yield how pixels differ."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    swaps = _swaps(preprocessor)
    if swaps is None:
        return
    trained, now = (facts.mean, facts.std), [_values(getattr(preprocessor, name, None)) for name in ('mean', 'std')]
    if all(trained) and not all(map(_equal, trained, now)):
        yield f'on pictures with {_listed(*trained)}, but the model takes {_listed(*now)}: set data_preprocessor'
    if facts.to_rgb not in (None, swaps):
        order = 'swapped to RGB, the model leaves them' if facts.to_rgb else 'left in their order, the model swaps them'
        yield f'on pictures whose channels were {order}: set to_rgb (bgr_to_rgb) of data_preprocessor'


def _sizes(model: nn.Module, facts: TrainingFacts) -> Iterator[str]:
    """Yield how sizes differ."""
    size = getattr(getattr(model, 'backbone', model), 'img_size', None)
    size = size[0] if isinstance(size, (list, tuple)) else size
    if facts.image_size and isinstance(size, int) and size != facts.image_size:
        yield f'on pictures of {facts.image_size} px, the model is for {size} px: its positions are resampled'


def _picture_sizes(facts: TrainingFacts, size: int | None) -> Iterator[str]:
    if size and facts.picture_size not in (0, size):
        yield f'on pictures of {facts.picture_size} px, those of this run have {size} px'


def _settings(model: nn.Module, facts: TrainingFacts) -> Iterator[str]:
    """Yield what else makes another network of the same weights."""
    backbone = getattr(model, 'backbone', model)
    for name in ('strides', 'dilations', 'style', 'avg_down'):
        trained, now = facts.backbone.get(name), getattr(backbone, name, None)
        now = list(now) if isinstance(now, tuple) else now
        if None not in (trained, now) and _differ(trained, now):
            yield f'with {name}={trained} in the backbone, the model has {now}'


def _differ(trained: Any, now: Any) -> bool:
    """Compare a setting, or that of each stage as far as both have it: missing stages show in the weights."""
    if isinstance(trained, list) and isinstance(now, list):
        return any(one != other for one, other in zip(trained, now, strict=False))
    return bool(trained != now)


def _values(tensor: Any) -> list[float]:
    return [float(value) for value in tensor.flatten()] if isinstance(tensor, Tensor) else []


def _swaps(preprocessor: Any) -> bool | None:
    """Whether a preprocessor swaps channels, by the names of mmpretrain, mmengine and mmseg; None for other kinds."""
    names = ('to_rgb', '_channel_conversion', 'channel_conversion')
    return next((bool(getattr(preprocessor, name)) for name in names if hasattr(preprocessor, name)), None)


def _equal(trained: tuple[float, ...] | None, values: list[float]) -> bool:
    """Compare values for each channel, or one for all."""
    if not trained or not values or (len(trained) != len(values) and 1 not in (len(trained), len(values))):
        return False
    size = max(len(trained), len(values))
    pairs = zip(islice(cycle(trained), size), islice(cycle(values), size), strict=True)
    return all(isclose(one, other, abs_tol=_TOLERANCE) for one, other in pairs)


def _listed(mean: Any, std: Any) -> str:
    if not mean or not std:
        return 'them as they are'
    texts = [', '.join(f'{value:.6g}' for value in values) for values in (mean, std)]
    return f'mean {texts[0]} and standard deviation {texts[1]}'
