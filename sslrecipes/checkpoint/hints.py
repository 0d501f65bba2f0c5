"""Why weights don't fit, in a sentence: class token, patches, positions, conv5, decoder, projection, classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from math import isqrt

from sslrecipes.errors import counted

Shapes = Mapping[str, tuple[int, ...]]

_PROJECTION = 'patch_embed.projection.weight'
_NECK_LAYER = re.compile(r'(?P<neck>(?:.+\.)?neck\.)mlp(\.\d+)?\.(?P<leaf>weight|running_mean)')
_STAGE = re.compile(r'(?P<net>(?:.+\.)?)layer(?P<number>[1-4])\.0\.conv1\.weight')
_STEM = re.compile(r'((?:momentum_encoder|teacher)\.)?(?:backbone\.)?conv1\.weight')
#: Methods of two views or several, by parts that no method above it in this list has together
_METHODS = {
    'W2SSL': ('head.where.',),
    'MoCoV3': ('momentum_encoder.', 'head.predictor.'),
    'DenseCL': ('head.queue2',),
    'MoCo': ('momentum_encoder.',),
    'DINO': ('neck.last_layer.',),
    'SwAV': ('neck.prototypes.',),
    'BYOL': ('teacher.',),
    'SimSiam': ('head.predictor.',),
    'Jigsaw': ('neck.piece.',),
}
#: Methods that have a backbone and a projection, and what any method may leave in a file of the trained network alone
_WITH_NOTHING_ELSE, _PROJECTION_PART = 'SimCLR or of the trained network of another method alone', 'neck.mlp.'
#: What only mmselfsup's files have beside a backbone, and what they are for
_OF_MMSELFSUP = {'neck.fc0.weight': 'neck.mlp.0.weight', 'encoder_k.steps': 'momentum_encoder.neck.mlp.0.weight'}
_CLASSIFIER = re.compile(r'(.+\.)?(head\.fc|heads\.\d+|fc)\.weight')


def hint(held: Shapes, wanted: Shapes, unmatched: Collection[str]) -> str:
    """Say what the file's network has that the model's hasn't, or the reverse; empty if it is nothing of these.

    Args:
        held: Shapes of the file's weights as they stand in the file, by the model's names.
        wanted: Shapes of the model's weights.
        unmatched: Names that only one side has, although both should.
    """
    vits = (name.removesuffix(_PROJECTION) for name in wanted if name.endswith(_PROJECTION) and name in held)
    of_vits = chain.from_iterable(_differences(held, wanted, unmatched, vit) for vit in vits)
    of_resnets = _other_stages(held, wanted, unmatched)
    others = (_other_method, _other_width, _other_decoder, _other_projection, _other_classes, _other_program)
    of_others = (other(held, wanted) for other in others)
    return next(chain(of_vits, of_resnets, *of_others), '')


def cut_class_tokens(held: Shapes, wanted: Shapes) -> list[str]:
    """The class tokens of ``held`` for which ``wanted`` has no place, and whose positions loading would cut off."""
    return [
        name
        for name in held
        if name.rpartition('.')[2] == 'cls_token'
        and name not in wanted
        and _extra_rows(held, name.removesuffix('cls_token')) == 1
        and _extra_rows(wanted, name.removesuffix('cls_token')) == 0
    ]


def _differences(held: Shapes, wanted: Shapes, unmatched: Collection[str], vit: str) -> Iterator[str]:
    projection, token = f'{vit}{_PROJECTION}', f'{vit}cls_token'
    patch, wanted_patch = held[projection][-1], wanted[projection][-1]
    if patch != wanted_patch:
        yield (
            f"The file's network has patches of {patch} px, the model's of {wanted_patch} px: "
            f'set patch_size={patch}, or take a checkpoint with patches of {wanted_patch} px.'
        )
    if token in unmatched and token in wanted:
        yield "The file's network has no class token, the model's has one: set with_cls_token=False in the backbone."
    elif token in unmatched:
        yield "The file's network has a class token, the model's has none: set with_cls_token=True in the backbone."
    rows = held.get(f'{vit}pos_embed', (1, 1))[1] - (token in held)
    if isqrt(rows) ** 2 != rows and held[f'{vit}pos_embed'] != wanted.get(f'{vit}pos_embed'):
        yield (
            f"The file's position table is for {rows} patches, which are no square: "
            'only a model with the same img_size takes it.'
        )


def _other_stages(held: Shapes, wanted: Shapes, unmatched: Collection[str]) -> Iterator[str]:
    theirs, ours = _stages(held), _stages(wanted)
    for net in (net for net in ours if net in theirs):
        if any(name.startswith(f'{net}layer{theirs[net] + 1}.') for name in unmatched):
            absent = ', '.join(f"'layer{number}.'" for number in range(theirs[net] + 1, ours[net] + 1))
            yield (
                f"The file's network ends with layer{theirs[net]}, the model's with layer{ours[net]}: set "
                f'num_stages={theirs[net]} in the backbone, or let the rest begin anew by fresh=({absent},) in its '
                'init_cfg.'
            )


def _stages(shapes: Shapes) -> dict[str, int]:
    """Number of stages of each ResNet."""
    found: dict[str, int] = {}
    for layer in filter(None, map(_STAGE.fullmatch, shapes)):
        found[layer['net']] = max(found.get(layer['net'], 0), int(layer['number']))
    return found


def _other_method(held: Shapes, wanted: Shapes) -> Iterator[str]:
    ours = method_of(wanted)
    if ours and (sentence := of_another_method(held, ours)):
        yield sentence


def of_another_method(held: Iterable[str], ours: str) -> str | None:
    """Say that weights of these names are of another method of two views or several than ``ours``; None if not."""
    held = list(held)
    theirs = method_of(held) or (_WITH_NOTHING_ELSE if ours in _METHODS and _has(held, _PROJECTION_PART) else None)
    if theirs is None or theirs == ours:
        return None
    return (
        f'The file is of {theirs}, the model is {ours}: go on with the method that the weights were trained by, or '
        "take the backbone only, by an init_cfg with prefix='backbone.'."
    )


def method_of(names: Iterable[str]) -> str | None:
    """Name of the method whose parts these weights have; None if it can't be told."""
    names = list(names)
    return next((method for method, parts in _METHODS.items() if all(_has(names, part) for part in parts)), None)


def _has(names: Iterable[str], part: str) -> bool:
    return any(name.startswith(part) for name in names)


def _other_width(held: Shapes, wanted: Shapes) -> Iterator[str]:
    for name, shape in wanted.items():
        if _STEM.fullmatch(name) and name in held and held[name] != shape:
            yield f"The stem of the file's network is {held[name]}, the model's {shape}: it is another network."


def _other_decoder(held: Shapes, wanted: Shapes) -> Iterator[str]:
    for name in (name for name in wanted if name.endswith('decoder_pos_embed') and name in held):
        surplus = held[name][1] - wanted[name][1]
        if surplus == 1:
            yield (
                "The file's decoder takes a class token, the model's doesn't: make it a file of MAE-priv by "
                'tools/convert_checkpoint.py --channel-first.'
            )
        if surplus == -1:
            yield (
                "The file's decoder takes no class token, the model's does: make it a file of MAE by "
                'tools/convert_checkpoint.py --to mae.'
            )


def _other_projection(held: Shapes, wanted: Shapes) -> Iterator[str]:
    theirs, ours = _projections(held), _projections(wanted)
    for neck in (neck for neck in ours if neck in theirs):
        (depth, has_bn), (wanted_depth, wants_bn) = theirs[neck], ours[neck]
        if depth != wanted_depth:
            yield (
                f"The file's projection has {counted(depth, 'layer')}, the model's {wanted_depth}: set "
                f'num_layers={depth} in the neck.'
            )
        elif has_bn != wants_bn and depth > 1:
            has, lacks = ('batch norms', 'none') if has_bn else ('no batch norms', 'some')
            yield f"The file's projection has {has}, the model's {lacks}: set with_bn={has_bn} in the neck."


def _projections(shapes: Shapes) -> dict[str, tuple[int, bool]]:
    """Number of linear layers and whether there are batch norms, of each neck with a multi-layer perceptron."""
    found: dict[str, tuple[int, bool]] = {}
    for name, shape in shapes.items():
        if layer := _NECK_LAYER.fullmatch(name):
            depth, has_bn = found.get(layer['neck'], (0, False))
            is_linear, is_norm = len(shape) == 2, layer['leaf'] == 'running_mean'
            found[layer['neck']] = (depth + is_linear, has_bn or is_norm)
    return found


def _other_classes(held: Shapes, wanted: Shapes) -> Iterator[str]:
    for name, shape in wanted.items():
        if _CLASSIFIER.fullmatch(name) and name in held and held[name][1:] == shape[1:] and held[name] != shape:
            yield (
                f"The file's classifier has {held[name][0]} classes, the model's {shape[0]}: set num_classes="
                f"{held[name][0]}, or take the backbone only, by an init_cfg with prefix='backbone.'."
            )


def _other_program(held: Shapes, wanted: Shapes) -> Iterator[str]:
    if any(theirs in held and ours in wanted for theirs, ours in _OF_MMSELFSUP.items()):
        yield "The file has mmselfsup's names: give it ours by tools/convert_checkpoint.py."


def _extra_rows(shapes: Shapes, vit: str) -> int | None:
    """Rows of a position table besides those of a square of patches; None without a table."""
    table = shapes.get(f'{vit}pos_embed')
    return None if table is None or len(table) != 3 else table[1] - isqrt(table[1]) ** 2
