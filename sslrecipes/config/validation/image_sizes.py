"""``image_size`` and ``local_image_size``: sizes that the recipe can't take, or that would change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sslrecipes.config.image_size import KEYS, LOCAL, SIZE, side_of
from sslrecipes.config.image_size.keys import is_dense
from sslrecipes.config.image_size.networks import Parts, parts_of
from sslrecipes.config.image_size.pipelines import global_side, has_locals, pipelines_of, views_of
from sslrecipes.config.places import Objection, walk
from sslrecipes.config.rules.sizes import no_whole_patches, only_size, out_of_range, too_small

#: The digits of scikit-learn are as small; of a local crop a quarter of that is left.
_LEAST = {SIZE: 8, LOCAL: 4}
_TRAINED = 'train_dataloader'


def sizes_have_an_effect(cfg: Any) -> Iterator[Objection]:
    """There is something that the keys decide."""
    given = [key for key in KEYS if side_of(cfg, key)]
    if given and is_dense(cfg):
        said = 'detectors and segmentors have sizes of their own, in their pipelines'
        yield f'{given[0]} has no effect here: {said}.', (given[0],)
        return
    views = [views_of(steps, place) for place, steps in pipelines_of(cfg)]
    if SIZE in given and not any(map(global_side, views)):
        yield f'{SIZE}={cfg[SIZE]} has no effect here: no transform of the pictures states their size.', (SIZE,)
    if LOCAL in given and not any(map(has_locals, views)):
        yield f'{LOCAL}={cfg[LOCAL]} has no effect here: the recipe has no local crops.', (LOCAL,)


def sizes_are_within_reason(cfg: Any) -> Iterator[Objection]:
    """There is something to see in a picture, and it fits into a memory."""
    for key, least in _LEAST.items():
        side = side_of(cfg, key)
        if side and (sentence := out_of_range(key, side, least)):
            yield sentence, (key,)


def local_crops_are_smaller(cfg: Any) -> Iterator[Objection]:
    """A local crop has fewer pixels than a global one."""
    local = side_of(cfg, LOCAL)
    for place, steps in pipelines_of(cfg) if local else ():
        side = global_side(views_of(steps, place))
        if side and local and local >= side and place.startswith(_TRAINED):
            yield f'{LOCAL}={local} must be less than the {side} px of the global crops.', (LOCAL, place)


def pictures_are_whole_patches(cfg: Any) -> Iterator[Objection]:
    """Pictures of this size consist of whole patches, and their targets can be made."""
    for key in KEYS:
        side = side_of(cfg, key)
        for place, part in walk(cfg.get('model'), 'model') if side else ():
            yield from _objections(key, side or 0, place, parts_of(cfg, part), key == SIZE)


def _objections(key: str, side: int, place: str, parts: Parts, is_global: bool) -> Iterator[Objection]:
    owner = f'{place} ({parts.kind})'
    if parts.only and is_global and (sentence := only_size(key, side, owner, parts.only)):
        yield sentence, (key, place)
    if sentence := too_small(key, side, owner, parts.least):
        yield sentence, (key, place)
    if parts.patch and (sentence := no_whole_patches(key, side, parts.patch, parts.fixed)):
        yield f'{place}: {sentence}', (key, f'{place}.patch_size')


IMAGE_SIZE_COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (
    sizes_are_within_reason,
    sizes_have_an_effect,
    pictures_are_whole_patches,
    local_crops_are_smaller,
)
