"""Gaps of a state dict that its own names and shapes give away, for there is no network to compare it with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sslrecipes.checkpoint.conversion.keymaps.rules import Biases
from sslrecipes.checkpoint.conversion.widths import Layers, Shape, unfit_layers
from sslrecipes.errors import CheckpointError

_SHOWN = 4
_STATISTICS = ('running_mean', 'running_var')
_COUNTER = 'num_batches_tracked'
#: Parts of which none comes without the other; a bias may be absent, but by itself it is none.
_TOGETHER = (_STATISTICS, ('weight_g', 'weight_v'))
#: Networks that follow others, whose names they repeat.
_FOLLOWERS = ('momentum_encoder.', 'teacher.')
_FOLLOWED = ('backbone.', 'neck.')
#: Layers that always have a bias.
_BIASED = ('patch_embed.projection', '.where')
#: What only the first block of a stage has.
_SHORTCUT = 'downsample.'
#: What the first block of a stage may have in another shape: a ResNet's, a MobileNet's.
_ENTRANCE = ('conv1.weight', 'conv.')

Blocks = dict[int, dict[str, Shape]]


def refuse_gaps(state: Mapping[str, Any], biases: Biases = 'unknown') -> None:
    """Refuse weights under our names of which some are missing, or don't fit their neighbours.

    Looked at are the parts of each layer, the blocks of each stage, what layers take and give, and networks that follow
    others: what one has, its siblings have. A network of which a whole part was left out is whole.

    Args:
        state: Weights by our names.
        biases: Which linear layers of projections and predictors have a bias.

    Raises:
        CheckpointError: If there are any, with some of the names.
    """
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    found = list(dict.fromkeys(_gaps(shapes, biases)))
    if found:
        more = f' and {len(found) - _SHOWN} more' if len(found) > _SHOWN else ''
        raise CheckpointError(f'its network is not whole: {"; ".join(found[:_SHOWN])}{more}.')


def _gaps(shapes: Mapping[str, Shape], biases: Biases) -> Iterator[str]:
    layers = _layers(shapes)
    yield from _incomplete_layers(layers)
    for stage, blocks in _stages(shapes).items():
        yield from _unlike_blocks(stage, blocks)
    yield from unfit_layers(layers, biases)
    yield from _unlike_followers(shapes)


def _layers(shapes: Mapping[str, Shape]) -> Layers:
    layers: Layers = {}
    for name, shape in shapes.items():
        layer, _, leaf = name.rpartition('.')
        layers.setdefault(layer, {})[leaf] = shape
    return layers


def _incomplete_layers(layers: Layers) -> Iterator[str]:
    """A norm has weight and bias or neither, and both statistics or neither, all as wide as the layer is."""
    counters = [leaves[_COUNTER] for leaves in layers.values() if _COUNTER in leaves]
    for layer, leaves in layers.items():
        is_norm = _STATISTICS[0] in leaves or len(leaves.get('weight', ())) == 1
        biased = is_norm or layer.endswith(_BIASED)
        wanted = [leaf for together in _TOGETHER if {*together} & {*leaves} for leaf in together]
        wanted += ['weight'] if 'bias' in leaves else ['bias'] if biased and 'weight' in leaves else []
        wanted += [_COUNTER] if counters and _STATISTICS[0] in leaves else []
        yield from (f'{layer}.{leaf} is missing' for leaf in wanted if leaf not in leaves)
        held = {leaf: leaves[leaf] for leaf in ('weight', 'bias', *_STATISTICS) if leaf in leaves}
        first = next(iter(held.values()), ())
        if _COUNTER in leaves and leaves[_COUNTER] != min(counters):
            yield f'{layer}.{_COUNTER} is of {leaves[_COUNTER]}'
        if any(shape not in (first, first[:1]) for shape in held.values()):
            yield f'{layer} has {", ".join(f"{leaf} of {shape}" for leaf, shape in held.items())}'


def _stages(shapes: Mapping[str, Shape]) -> dict[str, Blocks]:
    """Blocks, numbered layers that have layers themselves, by what holds them."""
    stages: dict[str, Blocks] = {}
    for name, shape in shapes.items():
        parts = name.split('.')
        place = next((i for i, part in enumerate(parts) if part.isdigit()), len(parts))
        if place < len(parts) - 2:
            inner = '.'.join(parts[place + 1 :])
            stages.setdefault('.'.join(parts[:place]), {}).setdefault(int(parts[place]), {})[inner] = shape
    return stages


def _unlike_blocks(stage: str, blocks: Blocks) -> Iterator[str]:
    """Blocks are numbered without a gap and are alike, but for what the first one of a convolutional stage takes."""
    names = {name: None for block in blocks.values() for name in block if not name.startswith(_SHORTCUT)}
    last = max(blocks)
    for number in range(last + 1):
        block = blocks.get(number, {})
        yield from (f'{stage}.{number}.{name} is missing' for name in names if name not in block)
        for name in (name for name in names if name in block and name in blocks[last]):
            shape, expected = block[name], blocks[last][name]
            if shape != expected and not (number == 0 and name.startswith(_ENTRANCE)):
                yield f'{stage}.{number}.{name} is of {shape}, in block {last} of {expected}'


def _unlike_followers(shapes: Mapping[str, Shape]) -> Iterator[str]:
    """A network that follows another has all of its parts, of the same shapes."""
    for follower in _FOLLOWERS:
        for part in _FOLLOWED:
            theirs = {name: shape for name, shape in shapes.items() if name.startswith(part)}
            prefix = f'{follower}{part}'
            ours = {name.removeprefix(follower): shapes[name] for name in shapes if name.startswith(prefix)}
            if ours and theirs:
                yield from (f'{follower}{name} is missing' for name in theirs if name not in ours)
                yield from (f'{name} is missing' for name in ours if name not in theirs)
                yield from (
                    f'{follower}{name} is of {ours[name]}, {name} of {shape}'
                    for name, shape in theirs.items()
                    if ours.get(name, shape) != shape
                )
