"""How many images a job sees, as far as that can be told without its data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.recipe_costs import REFUSALS
from sslrecipes.config.places import value_at, walk
from sslrecipes.registry import DATASETS
from sslrecipes.zoo.facts import facts

#: Images of data sets, for training and for tests. COCO has 1,021 training images without objects, which are left out.
KNOWN_IMAGES = {
    'ImageNet': (1_281_167, 50_000),
    'CocoDataset': (117_266, 5_000),
    'CocoPanopticDataset': (117_266, 5_000),
    'VOCDataset': (16_551, 4_952),
    'VOCLabels': (5_011, 4_952),
    'ADE20KDataset': (20_210, 2_000),
    'CityscapesDataset': (2_975, 500),
    'CUB': (5_994, 5_794),
    'FGVCAircraft': (6_667, 3_333),
    'StanfordCars': (8_144, 8_041),
    'OxfordIIITPet': (3_680, 3_669),
    'Caltech101': (3_060, 6_084),
    'Flowers102': (2_040, 6_149),
    'DTD': (3_760, 1_880),
    'CIFAR10': (50_000, 10_000),
    'CIFAR100': (50_000, 10_000),
}
#: Lists of parts of ImageNet, by what their names end with; 10 % is SimCLR's list.
KNOWN_LISTS = {'1': 12_811, '10': 128_116}
_LIST = re.compile(r'(\d+)(pct|percent)\b')


def images_seen(cfg: Config) -> int | None:
    """How many images a training sees in all, or a test; None if neither the config nor embedded data tell."""
    scope = cfg.get('default_scope', 'sslrecipes')
    if not cfg.get('train_cfg'):
        loaders = [value_at(cfg, 'test_cfg.bank'), cfg.get('test_dataloader')]
        counts = [_images_of(loader['dataset'], scope) for loader in loaders if loader]
        return None if None in counts else sum(count or 0 for count in counts)
    iterations, batch = cfg.train_cfg.get('max_iters'), facts(cfg).get('effective_batch')
    if iterations:
        return int(iterations * batch) if batch else None
    count = _images_of(cfg.train_dataloader.dataset, scope)
    return None if count is None else int(count * cfg.train_cfg.max_epochs)


def _images_of(dataset: Mapping[str, Any], scope: str) -> int | None:
    known = next(_known(dataset), None)
    if known is not None or any(isinstance(node, Mapping) and node.get('data_root') for _, node in walk(dataset)):
        return known
    try:
        with DefaultScope.overwrite_default_scope(scope):
            return len(DATASETS.build({**dataset, 'pipeline': []}))
    except REFUSALS:
        return None


def _known(dataset: Mapping[str, Any]) -> Iterator[int]:
    kind = str(dataset.get('type')).rpartition('.')[2]
    listed = _LIST.search(str(dataset.get('subset', '')))
    if listed and listed[1] in KNOWN_LISTS:
        yield KNOWN_LISTS[listed[1]]
    if kind in KNOWN_IMAGES:
        yield KNOWN_IMAGES[kind][bool(dataset.get('test_mode')) or dataset.get('split') in ('val', 'test')]
