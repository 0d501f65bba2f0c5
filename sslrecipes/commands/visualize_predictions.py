"""What detectors and segmentors see beside the truth: what ``tools/visualize_predictions.py`` does."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.culprits import told
from sslrecipes.commands.launch import build_runner
from sslrecipes.config.places import walk
from sslrecipes.datasets.cutouts import Picture
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS
from sslrecipes.transfer.scene_pictures import drawn_maps, drawn_objects
from sslrecipes.visualization.predictions import (
    detections,
    predictions,
    save_side_by_side,
    segmentations,
)

SCOPES = ('mmdet', 'mmseg')


def visualize_predictions(cfg: Config, checkpoints: Sequence[str], out: Path, count: int = 4) -> Path:
    """Draw the truth and what each checkpoint predicts for the first validation pictures, side by side.

    Args:
        cfg: Recipe of a detector or segmentor.
        checkpoints: Of this recipe; a column each.
        out: PNG to write.
        count: Pictures.

    Returns:
        ``out``.

    Raises:
        UserError: If the recipe is of something else, or a checkpoint doesn't serve.
    """
    scope = cfg.get('default_scope')
    if scope not in SCOPES:
        raise ConfigError(f'"{cfg.filename}" is no recipe of a detector or segmentor.', 'default_scope')
    with told(cfg):
        runner = build_runner(cfg, 'test', needs_weights=False)
        columns: dict[str, list[Picture]] = {'truth': _truth(cfg, count)}
        for name, checkpoint in zip(_names(checkpoints), checkpoints, strict=True):
            runner.load_checkpoint(checkpoint)
            columns[name] = _predicted(runner, count)
    return save_side_by_side(columns, out)


def _predicted(runner: SSLRunner, count: int) -> list[Picture]:
    loader: Any = runner.build_dataloader(runner._test_dataloader)
    samples, metainfo = predictions(runner.model, loader, count), loader.dataset.metainfo
    return (detections if runner.cfg.default_scope == 'mmdet' else segmentations)(samples, metainfo)


def _truth(cfg: Config, count: int) -> list[Picture]:
    """Draw the annotations of the validation pictures as they lie on the disk."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        if cfg.default_scope == 'mmseg':
            dataset = _dataset(cfg, count, [{'type': 'LoadAnnotations'}])
            return drawn_maps(dataset)
        masks = any(node == 'segm' for _, node in walk(cfg.get('test_evaluator')))
        annotations = {'type': 'LoadAnnotations', 'with_bbox': True, 'with_mask': masks}
        return drawn_objects(_dataset(cfg, count, [{'type': 'LoadImageFromFile'}, annotations]))


def _dataset(cfg: Config, count: int, pipeline: list[Any]) -> Any:
    return DATASETS.build({**deepcopy(cfg.test_dataloader.dataset), 'pipeline': pipeline, 'indices': count})


def _names(checkpoints: Sequence[str]) -> list[str]:
    """Name each file by the shortest end of its folder that tells it from the others."""
    parts = [Path(checkpoint).resolve().with_suffix('').parts for checkpoint in checkpoints]
    for length in range(1, max(map(len, parts)) + 1):
        names = ['/'.join(part[-length - 1 : -1] or part) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [str(checkpoint) for checkpoint in checkpoints]
