"""What the two keys decide, in every place of a config."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from mmengine.config import Config

from sslrecipes.config.image_size.keys import LOCAL, SIZE, is_dense, side_of
from sslrecipes.config.image_size.networks import is_vit, patch_of, sized_masks, sized_networks
from sslrecipes.config.image_size.pipelines import global_side, pipelines_of, resized, views_of, with_resize
from sslrecipes.config.picture_size import picture_size
from sslrecipes.config.places import key_of, set_values, value_at

_MISSING = object()


def sized_places(cfg: Any) -> dict[str, Any]:
    """Places of a config that ``image_size`` and ``local_image_size`` change, and their new values.

    A config that has them already is left as it is, so that the copy of a run's config means the same. Values that no
    side can be change nothing here: the check of the config refuses them.
    """
    side, local = side_of(cfg, SIZE), side_of(cfg, LOCAL)
    if is_dense(cfg) or not (side or local):
        return {}
    found = dict(sized_networks(cfg, side)) if side else {}
    backbone = value_at(cfg, 'model.backbone')
    patch = patch_of(backbone) if is_vit(backbone) else None
    for place, steps in pipelines_of(cfg):
        found |= resized(steps, place, side, local, patch)
        if side is None:
            continue
        for index, step in enumerate(steps):
            found |= sized_masks(cfg, step, f'{place}[{index}]', side)
        dataset = value_at(cfg, key_of(place).removesuffix('.pipeline'))
        if not global_side(views_of(steps, place)) and (longer := with_resize(dataset, steps, side)):
            found[place] = longer
    return {place: value for place, value in found.items() if value_at(cfg, key_of(place), _MISSING) != value}


def training_side(cfg: Any) -> int | None:
    """Side of the pictures that a recipe trains on, of its global views; None if it states none, or several."""
    if is_dense(cfg):
        return None
    trained = (steps for steps in pipelines_of(cfg) if steps[0].startswith('train_dataloader'))
    sides = (global_side(views_of(steps, place)) for place, steps in trained)
    return next(filter(None, sides), None) or picture_size(cfg.get('train_dataloader'))


def at_size(cfg: Config, side: int) -> Config:
    """A copy of a config with pictures of ``side`` px, local crops in proportion."""
    other = deepcopy(cfg)
    other[SIZE], other[LOCAL] = side, None
    set_values(other, sized_places(other))
    return other
