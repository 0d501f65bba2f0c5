"""What the parts of a recipe on regions of images must agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk
from sslrecipes.config.rules.regions import REGIONS, other_number, torn_montages

HEAD = 'W2SSLHead'
NUMBER = 'model.head.num_regions'
BATCH = 'train_dataloader.batch_size'
DATASET = 'train_dataloader.dataset'


def regions_agree(cfg: Any) -> Iterator[Objection]:
    """The model is for as many regions as the data gives."""
    regions = _regions(cfg)
    for place, node in walk(value_at(cfg, DATASET), DATASET) if regions else ():
        if value_at(node, 'type') == 'RegionCrops':
            given = value_at(node, 'regions', REGIONS)
            if sentence := other_number(NUMBER, regions, f'{place}.regions', given):
                yield sentence, (NUMBER, f'{place}.regions')


def montages_are_whole(cfg: Any) -> Iterator[Objection]:
    """The regions of a batch make whole montages on each process."""
    regions, batch = _regions(cfg), value_at(cfg, BATCH)
    if regions and type(batch) is int and (sentence := torn_montages(BATCH, batch, regions)):
        yield sentence, (BATCH, NUMBER)


REGION_COMBINATIONS: tuple[Callable[[Any], Iterator[Objection]], ...] = (regions_agree, montages_are_whole)


def _regions(cfg: Any) -> int:
    """Number of regions that the model is for; 0 if it is for none."""
    kind, regions = str(value_at(cfg, 'model.head.type')).rpartition('.')[2], value_at(cfg, NUMBER, REGIONS)
    return regions if kind == HEAD and type(regions) is int else 0
