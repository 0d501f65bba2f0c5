"""Batches of random images, such as the training of a recipe would see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.config import Config
from mmpretrain.structures import DataSample

from sslrecipes.config.places import value_at, walk
from sslrecipes.config.rules.puzzles import TILES_PER_SIDE, tile_side
from sslrecipes.datasets.transforms import MultiCrop, PuzzleTiles, RegionCrops
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.zoo.naming import image_size

#: Transforms whose samples have something else than the label of a class.
WITHOUT_LABELS = ('PackDetInputs', 'PackSegInputs')
#: Transforms that make several views of an image.
VIEWS: dict[str, type[MultiCrop] | type[RegionCrops]] = {'MultiCrop': MultiCrop, 'RegionCrops': RegionCrops}
NUMBERS_OF_CLASSES = ('model.probe.num_classes', 'model.head.num_classes')


def multi_crop_options(cfg: Config) -> dict[str, Any] | None:
    """Options of ``MultiCrop`` in the training data of a recipe; None if there is none."""
    return options_of(cfg, 'MultiCrop')


def options_of(cfg: Config, transform: str) -> dict[str, Any] | None:
    """Options of a transform in the training data of a recipe; None if there is none of that type."""
    for _, node in walk(cfg.get('train_dataloader')):
        if isinstance(node, Mapping) and node.get('type') == transform:
            return {key: value for key, value in node.items() if key != 'type'}
    return None


def view_sizes(cfg: Config) -> list[int]:
    """Sides in pixels of the views or tiles of an image, one if it is neither; empty if the recipe doesn't say."""
    for kind, transform in VIEWS.items():
        if (options := options_of(cfg, kind)) is not None:
            return [view.size for view in transform(**options).views]
    side = image_size(cfg)
    if not side:
        return []
    whole = int(side[0] if isinstance(side, (list, tuple)) else side)
    puzzle = options_of(cfg, 'PuzzleTiles')
    return [whole] if puzzle is None else [tile_side(whole, PuzzleTiles(**puzzle).tile_share)] * TILES_PER_SIDE**2


def synthetic_batch(cfg: Config, images: int) -> dict[str, Any]:
    """Make a collated batch of random pixels and labels.

    Args:
        cfg: Resolved recipe.
        images: Number B of images.

    Returns:
        ``inputs``: uint8 ``(B, 3, H, W)``, or a list of such for a recipe with views or tiles; ``data_samples``: B
        samples with ``gt_label``.

    Raises:
        ConfigError: If the recipe doesn't say how large its images are, or its samples have more than a label.
    """
    for place, node in walk(cfg.get('train_dataloader')):
        if isinstance(node, Mapping) and str(node.get('type')).rpartition('.')[2] in WITHOUT_LABELS:
            raise ConfigError(f'Random images have no boxes, masks or maps, which {node["type"]} packs.', place)
    sizes = view_sizes(cfg)
    if not sizes:
        raise ConfigError('The size of the images is unknown: state it in a transform such as Resize.')
    views = [torch.randint(0, 256, (images, 3, side, side), dtype=torch.uint8) for side in sizes]
    classes = next(filter(None, (value_at(cfg, place) for place in NUMBERS_OF_CLASSES)), 1)
    samples = [DataSample().set_gt_label(label) for label in torch.randint(0, classes, (images, 1))]
    return {'inputs': views if len(views) > 1 else views[0], 'data_samples': samples}


def mid_run(cfg: Config) -> Progress:
    """Position of a step in the middle of the recipe's training, when nothing is withheld or warmed up any more."""
    epochs = value_at(cfg, 'train_cfg.max_epochs', 1)
    return Progress(step=epochs // 2, steps_per_epoch=1, epochs=epochs)
