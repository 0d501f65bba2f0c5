"""The facts of a recipe that trains a detector or segmentor from a pre-trained backbone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sslrecipes.config.places import value_at, walk
from sslrecipes.config.schedules import schedule_of, warmup_of
from sslrecipes.zoo.naming import crop_size

#: Facts that stand in the config as they are: name -> where.
TRANSFER_PLACES = {
    'detector': 'model.type',
    'decode_head': 'model.decode_head.type',
    'checkpoint': 'transfer.checkpoint',
    'part': 'transfer.part',
    'iterations': 'train_cfg.max_iters',
    'backbone_norm': 'model.backbone.norm_cfg.type',
    'frozen_stages': 'model.backbone.frozen_stages',
    'norm_eval': 'model.backbone.norm_eval',
    'window_size': 'model.backbone.window_size',
    'global_blocks': 'model.backbone.global_blocks',
    'relative_positions': 'model.backbone.use_rel_pos',
    'out_indices': 'model.backbone.out_indices',
    'neck': 'model.neck.type',
    'neck_norm': 'model.neck.norm_cfg.type',
    'shared_head': 'model.roi_head.shared_head.type',
    'box_head': 'model.roi_head.bbox_head.type',
    'box_head_norm': 'model.roi_head.bbox_head.norm_cfg.type',
    'anchor_scales': 'model.rpn_head.anchor_generator.scales',
    'proposals_per_level': 'model.test_cfg.rpn.nms_pre',
    'test_mode': 'model.test_cfg.mode',
}
#: Facts that are derived: name -> how.
_DERIVED: dict[str, Callable[[Any], Any]] = {
    'dataset': lambda cfg: next(_datasets(cfg), None),
    'short_sides': lambda cfg: _short_sides(cfg, 'train_dataloader', 'RandomChoiceResize', 'scales'),
    'scale_range': lambda cfg: next(_options(cfg, 'train_dataloader', 'RandomResize', 'ratio_range'), None),
    'crop_size': crop_size,
    'test_short_side': lambda cfg: _short_sides(cfg, 'test_dataloader', 'Resize', 'scale'),
    'milestones': lambda cfg: schedule_of(cfg).get('milestones'),
    'power': lambda cfg: schedule_of(cfg).get('power'),
    'warmup_iterations': lambda cfg: warmup_of(cfg).get('end', 1) - 1 or None,  # mmengine ends one step early
    'warmup_factor': lambda cfg: warmup_of(cfg).get('start_factor'),
}

#: Names of these facts, in the order of :func:`transfer_facts`.
TRANSFER_FACTS = (*TRANSFER_PLACES, *_DERIVED)


def transfer_facts(cfg: Any) -> dict[str, Any]:
    """Derive what is known of a transfer recipe only, None where a fact doesn't apply; empty for another recipe."""
    if cfg.get('transfer') is None:
        return {}
    found = {name: _stated(cfg, place) for name, place in TRANSFER_PLACES.items()}
    return found | {name: derive(cfg) for name, derive in _DERIVED.items()}


def _stated(cfg: Any, place: str) -> Any:
    """Value at a place; a type without its scope."""
    value = value_at(cfg, place)
    return value.rpartition('.')[2] if value and place.endswith('.type') else value


def _datasets(cfg: Any) -> Iterator[str]:
    """Yield the types of the data sets that train; a wrapper of others is none."""
    for _, node in walk(value_at(cfg, 'train_dataloader.dataset')):
        if isinstance(node, Mapping) and 'data_root' in node:
            yield str(node['type']).rpartition('.')[2]


def _options(cfg: Any, loader: str, kind: str, option: str) -> Iterator[Any]:
    """Yield an option of every transform of a kind, wherever it is in the pipelines of a loader."""
    for _, node in walk(value_at(cfg, f'{loader}.dataset')):
        if isinstance(node, Mapping) and node.get('type') == kind and option in node:
            yield node[option]


def _short_sides(cfg: Any, loader: str, kind: str, option: str) -> Any:
    """Short side of the scales that images are resized to: least and greatest if there are several."""
    for scales in _options(cfg, loader, kind, option):
        several = scales if isinstance(scales[0], (list, tuple)) else [scales]
        sides = [min(scale) for scale in several]
        return [min(sides), max(sides)] if len(sides) > 1 else sides[0]
    return None
