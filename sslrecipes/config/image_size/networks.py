"""What in networks and masks depends on the side of the pictures: position tables, numbers of patches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import lcm
from typing import Any, NamedTuple

from sslrecipes.config.image_size.keys import kind_of
from sslrecipes.config.places import value_at, walk

#: Side of a patch where a ViT isn't told, and side of a mask's cell of SparK.
_PATCH, _CELL = 16, 32
#: Transformers on windows, with patches of 4 px by default.
_WINDOWED = ('MixMIMTransformer', 'MixMIMPretrainTransformer', 'SwinTransformer', 'SimMIMSwinTransformer')
#: Patches per side of a position of their last stage, which is what MixMIM predicts; side of a window of Swin.
_STAGES, _WINDOW = 8, 7
#: Windows of its stages, in patches of 4 px, 8 px and so on, where they aren't stated.
_WINDOWS = (14, 14, 14, 7)
#: Networks that halve pictures without padding -> the least side of which a map is left; a ResNet keeps a pixel of any.
_LEAST = {'ConvNeXt': 32, 'VGG': 32}
#: Side of the pictures of CLIP's networks, and histograms per side of MaskFeat's target.
_CLIP, _HISTOGRAMS = 224, 14
#: Decoders -> their number of patches, where they aren't told, is that of 224 px.
_DECODERS = (
    *('MAEDecoder', 'MAEPrivDecoder', 'TECNeck', 'MAEPretrainDecoder', 'MILANPretrainDecoder'),
    *('iTPNPretrainDecoder', 'MixMIMPretrainDecoder'),
)
#: Numbers of patches in a mask of blocks.
_COUNTS = ('num_masking_patches', 'min_num_patches', 'max_num_patches')


def is_vit(part: Any) -> bool:
    """Whether a dict of the model is a network with a grid of patches of its own."""
    kind = kind_of(part)
    named = kind.endswith(('ViT', 'VisionTransformer', 'TECBaseModel')) or kind in _WINDOWED
    return isinstance(part, Mapping) and (named or 'img_size' in part)


def patch_of(part: Any) -> int | None:
    """Side of a square patch of :func:`is_vit`; None for another one."""
    default = 4 if kind_of(part) in _WINDOWED else _PATCH
    sides = set(_whole(value_at(part, 'patch_size', default)))
    return sides.pop() if len(sides) == 1 else None


class Parts(NamedTuple):
    """Into what a part of a model divides pictures.

    Attributes:
        kind: Name of its class.
        patch: Side that must divide that of the pictures; None for any.
        fixed: Whether no other patches can be had.
        only: The only side that it takes; None for any.
        least: The least side of pictures that it can take.
    """

    kind: str
    patch: int | None = None
    fixed: bool = False
    only: int | None = None
    least: int = 1


def parts_of(cfg: Any, part: Any) -> Parts:
    """Into what a dict of the model divides pictures."""
    kind, patch = kind_of(part), patch_of(part) if is_vit(part) else None
    if kind == 'CLIPGenerator':
        return Parts(kind, only=_CLIP)
    if kind == 'HOGGenerator':
        cell = patch_of(value_at(cfg, 'model.backbone'))
        return Parts(kind, only=_HISTOGRAMS * cell if cell else None)
    if kind == 'SparK':
        return Parts(kind, _CELL, fixed=True)
    if patch and kind.startswith('MixMIM'):
        windows = _whole(value_at(part, 'window_size')) or _WINDOWS
        return Parts(kind, lcm(*(patch * 2**stage * window for stage, window in enumerate(windows))), fixed=True)
    if patch and kind in _WINDOWED:
        masks = (node for _, node in walk(cfg.get('train_dataloader')) if kind_of(node) == 'SimMIMMaskGenerator')
        sides = [patch, *(side for mask in masks for side in _whole(value_at(mask, 'mask_patch_size')))]
        stated = value_at(part, 'stage_cfgs.block_cfgs.window_size', value_at(part, 'window_size'))
        window = max(_whole(stated), default=_WINDOW)
        padded = value_at(part, 'pad_small_map', False)
        return Parts(kind, lcm(*sides), fixed=True, least=1 if padded else patch * _STAGES * window)
    return Parts(kind, patch, least=_LEAST.get(kind, 1))


def grid_of(cfg: Any, side: int) -> int | None:
    """Patches per side that the backbone makes of pictures of ``side`` px; None for one without patches."""
    backbone = value_at(cfg, 'model.backbone')
    patch = patch_of(backbone) if is_vit(backbone) else None
    if patch is None:
        return None
    return side // (patch * (_STAGES if kind_of(backbone).startswith('MixMIM') else 1))


def sized_networks(cfg: Any, side: int) -> Iterator[tuple[str, Any]]:
    """Yield the places in the model that follow the side of the pictures, and what they become."""
    grid = grid_of(cfg, side)
    for place, part in walk(cfg.get('model'), 'model'):
        if not isinstance(part, Mapping):
            continue
        if is_vit(part):
            yield from ((inner, side) for inner, _ in _leaves(part.get('img_size'), f'{place}.img_size'))
        if kind_of(part) == 'SparK':
            yield f'{place}.input_size', side
        if grid and (kind_of(part) in _DECODERS or 'num_patches' in part):
            yield f'{place}.num_patches', grid**2


def sized_masks(cfg: Any, step: Any, at: str, side: int) -> Iterator[tuple[str, Any]]:
    """Yield the places of a transform that masks patches, and what they become: as large a share as before."""
    kind, grid = kind_of(step), grid_of(cfg, side)
    if kind == 'SimMIMMaskGenerator':
        yield f'{at}.input_size', side
    if kind != 'BEiTMaskGenerator' or not grid:
        return
    sizes = [(place, value) for place, value in _leaves(step.get('input_size'), f'{at}.input_size')]
    before = next((value for _, value in sizes if type(value) is int and value > 0), grid)
    yield from ((place, grid) for place, _ in sizes)
    counts = {key: step[key] for key in _COUNTS if type(step.get(key)) is int}
    masked = {key: max(1, round(count * (grid / before) ** 2)) for key, count in counts.items()}
    yield from ((f'{at}.{key}', count) for key, count in masked.items())
    if kind_of(value_at(cfg, 'model.neck')) == 'CAENeck' and 'num_masking_patches' in masked:
        yield 'model.neck.mask_tokens_num', masked['num_masking_patches']


def _whole(value: Any) -> list[int]:
    """The whole numbers above 0 in a number or a list."""
    return [number for _, number in walk(value) if type(number) is int and number > 0]


def _leaves(value: Any, place: str) -> list[tuple[str, Any]]:
    """Places of a size: one number, or height and width."""
    found = list(walk(value, place))
    return found[1:] or found
