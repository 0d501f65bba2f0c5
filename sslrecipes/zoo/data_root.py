"""One place to say where the data is."""

from __future__ import annotations

from typing import Any

from mmengine.config import Config

from sslrecipes.zoo.places import walk

PLACES = (
    *('train_dataloader', 'val_dataloader', 'test_dataloader'),
    *('val_evaluator', 'test_evaluator'),
)


def apply_data_root(cfg: Config) -> None:
    """Let a ``data_root`` at the top of a config reach all loaders and evaluators.

    A base writes it into them as it is read; one that an inheriting config or an override sets comes too late for that.
    Nothing changes if any training data has this root already, or if there is no training data.
    """
    root = cfg.get('data_root')
    roots = [value for place, value in walk(cfg.get('train_dataloader')) if place.endswith('data_root') and value]
    if root and roots and root not in roots:
        for key in PLACES:
            if cfg.get(key) is not None:
                cfg[key] = moved(cfg[key], roots[0], root)


def moved(node: Any, before: str, after: str) -> Any:
    """Return a copy of ``node`` in which every path that was below folder ``before`` is below ``after``."""
    if isinstance(node, dict):
        return {key: moved(value, before, after) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(moved(value, before, after) for value in node)
    if isinstance(node, str) and f'{node}/'.startswith(f'{before.rstrip("/")}/'):
        return after.rstrip('/') + node[len(before.rstrip('/')) :]
    return node
