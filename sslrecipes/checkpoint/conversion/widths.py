"""Whether each layer of a state dict takes as many channels as the one before it gives."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from itertools import groupby

from sslrecipes.checkpoint.conversion.keymaps.rules import Biases

Shape = tuple[int, ...]
Layers = dict[str, dict[str, Shape]]
"""Shapes by the name of the layer and that of its part."""
Walk = Generator[str, None, int | None]
"""Sentences about what is missing or doesn't fit; gives the number of channels at the end, if it is known."""

_NETWORKS = ('', 'momentum_encoder.', 'teacher.')
_CONV_OR_NORM = re.compile(r'(.+\.)?(conv|bn)\d?')


def unfit_layers(layers: Layers, biases: Biases = 'unknown') -> Iterator[str]:
    """Say what is missing or doesn't fit in convolutional networks, and in projections and classifiers behind them.

    Args:
        layers: Those of all networks, by our names.
        biases: Which linear layers of projections and predictors have a bias.
    """
    for network in _NETWORKS:
        pooled = yield from _trunk(layers, f'{network}backbone.')
        projected = yield from _projection(layers, f'{network}neck.mlp', pooled, biases)
        for layer, leaf in (('neck.last_layer', 'weight_v'), ('neck.prototypes', 'weight')):
            yield from _taking(f'{network}{layer}', layers.get(f'{network}{layer}', {}).get(leaf), projected)
        if not network:
            yield from _predictor(layers, 'head.predictor.mlp', projected, biases)
            for layer in ('head.fc', 'probe'):
                yield from _linear(layers, layer, {}, pooled, biases='all') if layer in layers else ()
        elif network == 'momentum_encoder.' and projected is not None:
            yield from _queue(layers.get('head', {}), projected)
            yield from _second_queue(layers)


def _trunk(layers: Layers, backbone: str) -> Walk:
    """A ResNet or MobileNet: stem, blocks, perhaps a last convolution, each with a norm behind it."""
    inner = (name.removeprefix(backbone) for name in layers if name.startswith(backbone))
    found = {re.sub(r'bn(\d?)$', r'conv\1', name) for name in inner if _CONV_OR_NORM.fullmatch(name)}
    width: int | None = None
    for block, convs in groupby(sorted(found, key=_place), _block):
        taken = width
        for conv in convs:
            width = yield from _convolution(layers, f'{backbone}{conv}', width)
        if f'{block}.conv1' in found:  # of a ResNet
            yield from _shortcut(layers, f'{backbone}{block}.downsample', taken, width)
    return width


def _block(conv: str) -> str:
    return '.'.join(conv.split('.')[:2]) if conv.startswith('layer') else ''


def _place(conv: str) -> tuple[int, list[int]]:
    """Where a convolution stands: before the stages, in one of them, or behind them."""
    numbers = [int(number) for number in re.findall(r'\d+', conv)]
    return (1 if conv.startswith('layer') else 2 * (numbers > [1])), numbers


def _convolution(layers: Layers, conv: str, taken: int | None) -> Walk:
    norm = f'{conv[:-1]}1' if conv.endswith('.0') else re.sub(r'conv(\d?)$', r'bn\1', conv)
    weight, width = layers.get(conv, {}).get('weight'), next(iter(layers.get(norm, {}).values()), None)
    if weight is None:
        yield f'{conv}.weight is missing'
        return None
    if width is None:
        yield f'{norm}.weight is missing'
    elif width[:1] != weight[:1]:
        yield f'{conv} has a weight of {weight}, the norm behind it {width}'
    yield from _taking(conv, weight, taken, grouped=True)
    return weight[0]


def _shortcut(layers: Layers, shortcut: str, taken: int | None, given: int | None) -> Iterator[str]:
    """What a block of a ResNet adds to its output is as wide: its input, or a convolution of it."""
    if f'{shortcut}.0' in layers or f'{shortcut}.1' in layers:
        width = yield from _convolution(layers, f'{shortcut}.0', taken)
        if None not in (width, given) and width != given:
            yield f'{shortcut}.0.weight gives {width}, its block {given}'
    elif None not in (taken, given) and taken != given:
        yield f'{shortcut}.0.weight is missing'


def _projection(layers: Layers, mlp: str, taken: int | None, biases: Biases) -> Walk:
    """Linear layers, some with a norm behind them; a single one has no number."""
    numbers = [int(name[len(mlp) + 1 :]) for name in layers if re.fullmatch(rf'{re.escape(mlp)}\.\d+', name)]
    norms = {number for number in numbers if _is_norm(layers[f'{mlp}.{number}'])}
    linears = sorted({number for number in numbers if number not in norms} | {number - 1 for number in norms})
    if mlp in layers:
        return (yield from _linear(layers, mlp, {}, taken, biases))
    for number in linears:
        norm = layers[f'{mlp}.{number + 1}'] if number + 1 in norms else {}
        taken = yield from _linear(layers, f'{mlp}.{number}', norm, taken, biases)
    return taken if linears else None


def _predictor(layers: Layers, mlp: str, projected: int | None, biases: Biases) -> Iterator[str]:
    """It gives what it takes, mostly by a linear layer without norm."""
    predicted = yield from _projection(layers, mlp, projected, biases)
    if None not in (projected, predicted) and predicted != projected:
        yield f'{mlp} gives {predicted} channels, the projection {projected}'
    numbers = sorted(int(name[len(mlp) + 1 :]) for name in layers if name.startswith(f'{mlp}.'))
    if biases != 'unknown' and numbers and _is_norm(layers[f'{mlp}.{numbers[-1]}']):
        yield f'the last layer of {mlp} is missing'


def _is_norm(leaves: dict[str, Shape]) -> bool:
    return 'running_mean' in leaves or len(leaves.get('weight', ())) == 1


def _linear(layers: Layers, name: str, norm: dict[str, Shape], taken: int | None, biases: Biases) -> Walk:
    leaves = layers.get(name, {})
    if 'weight' not in leaves:
        yield f'{name}.weight is missing'
        return None
    width = leaves['weight'][0]
    yield from _taking(name, leaves['weight'], taken, grouped=False)
    if norm and (shape := next(iter(norm.values())))[0] != width:
        yield f'{name}.weight gives {width} channels, the norm behind it has {shape}'
    if 'bias' not in leaves and (biases == 'all' or (biases == 'unnormed' and not norm)):
        yield f'{name}.bias is missing'
    return width


def _taking(name: str, weight: Shape | None, given: int | None, grouped: bool = False) -> Iterator[str]:
    """A layer has as many inputs as channels are given to it, or each of its groups a part of them."""
    if weight is None or given is None:
        return
    inputs = weight[1] if len(weight) > 1 else 0
    if not inputs or (given % inputs if grouped else given != inputs):
        yield f'{name} has a weight of {weight}, the layer before it gives {given} channels'


def _queue(head: dict[str, Shape], given: int) -> Iterator[str]:
    """MoCo's, with as many rows as a projection has channels."""
    if ('queue' in head) != ('queue_ptr' in head):
        yield f'head.{"queue_ptr" if "queue" in head else "queue"} is missing'
    if 'queue' in head and head['queue'][0] != given:
        yield f'head.queue is of {head["queue"]}, the projection gives {given} channels'


def _second_queue(layers: Layers) -> Iterator[str]:
    """DenseCL's, of the places that its second projection is for: as large as the first one."""
    head = layers.get('head', {})
    if 'queue' not in head or not any(layer.startswith('neck.mlp2.') for layer in layers):
        return
    if 'queue2' not in head:
        yield 'head.queue2 is missing'
    elif head['queue2'] != head['queue']:
        yield f'head.queue2 is of {head["queue2"]}, head.queue of {head["queue"]}'
