"""What a config may read: no output may be one of these."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslrecipes.config.source import lineage


def config_inputs(cfg: Config) -> Iterator[str | Path]:
    """Yield what a config may read: its file, those it inherits, and each of its texts, alone and in its data root."""
    yield from (source.path for source in lineage(Path(cfg.filename))) if cfg.filename else ()
    yield from _texts(cfg._cfg_dict, '')


def _texts(node: Any, root: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        root = str(node.get('data_root') or root)
        yield from chain.from_iterable(_texts(value, root) for value in node.values())
    elif isinstance(node, list | tuple):
        yield from chain.from_iterable(_texts(value, root) for value in node)
    elif isinstance(node, str):
        yield from (node, os.path.join(root, node))  # noqa: PTH118  may be any text
