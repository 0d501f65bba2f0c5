"""The network that pictures are made with: built from its config, and named on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.checkpoint.files.sources import local_file
from sslrecipes.registry import MODELS


def build_network(cfg: Config) -> Any:
    """Build the model of a config on the CPU, not initialised, with the normalisation that the config names."""
    init_default_scope('sslrecipes')
    if 'data_preprocessor' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return MODELS.build(cfg.model)


def origin_facts(config: str | Path, checkpoint: str | Path) -> dict[str, str]:
    """Name config and checkpoint without their folders, and tell the checkpoint's digest."""
    return {
        'config': Path(config).name,
        'checkpoint': f'{Path(checkpoint).name} (SHA-256 {sha256(local_file(checkpoint))})',
    }
