"""Shrink a recipe until it trains in a blink, and take one optimizer step of it on synthetic images."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import FUNCTIONS
from torch import nn

from sslrecipes.checkpoint.writing import save_torch
from sslrecipes.registry import MODELS

PATCHES_PER_SIDE, WIDTH, DEPTH, HEADS, BATCH = 4, 32, 6, 2, 2
ARCH = {'embed_dims': WIDTH, 'num_layers': DEPTH, 'num_heads': HEADS, 'feedforward_channels': 2 * WIDTH}
#: New values of the keys that a part of the model has.
SIZES = {
    'arch': ARCH,
    'num_patches': PATCHES_PER_SIDE**2,
    'num_layers': DEPTH,
    'embed_dim': WIDTH,
    'embed_dims': WIDTH,
    'in_channels': WIDTH,
    'target_dims': WIDTH,
    'target_heads': HEADS,
    'decoder_embed_dim': WIDTH,
    'decoder_embed_dims': WIDTH,
    'decoder_depth': 1,
    'decoder_num_heads': HEADS,
    'checkpoint': None,
}
TRANSFORM_SIZES = ('scale', 'crop_size')


def shrink(cfg: Any) -> Any:
    """Give the config's model tiny widths, depths and images, consistently, and random weights."""
    cfg = deepcopy(cfg)
    for part in cfg.model.values():
        if not isinstance(part, dict):
            continue
        part.update({key: value for key, value in SIZES.items() if key in part})
        if 'img_size' in part:
            part.img_size = PATCHES_PER_SIDE * part.patch_size
        if 'topk' in part:
            part.topk = min(part.topk, PATCHES_PER_SIDE**2)
        if part.get('init_cfg', {}) and 'checkpoint' in part.init_cfg:
            del part['init_cfg']
    pixels = cfg.model.backbone.img_size
    for transform in loader_of(cfg).dataset.pipeline:
        transform.update({key: pixels for key in TRANSFORM_SIZES if key in transform})
    if cfg.get('optim_wrapper', {}).get('type') == 'AmpOptimWrapper':
        cfg.optim_wrapper.update(dtype='bfloat16')  # no loss scaling, whose first steps are skipped
    return cfg


def loader_of(cfg: Any) -> Any:
    """Config of the loader that the recipe is about: the training's, or in an evaluation the test's."""
    return cfg.get('train_dataloader') or cfg.test_dataloader


def short_run(cfg: Any, work_dir: str, workers: int = 0, accumulation: int = 2) -> Any:
    """Turn a recipe into a run of a few seconds: tiny model, digits, three epochs of eight micro-batches."""
    cfg = shrink(cfg)
    loader = cfg.train_dataloader
    pipeline = [t for t in loader.dataset.pipeline if not t['type'].startswith('LoadImage')]
    loader.dataset = dict(type='Digits', split='train', indices=8 * BATCH, pipeline=pipeline)
    loader.update(batch_size=BATCH, num_workers=workers, persistent_workers=False)
    loader.pop('prefetch_factor', None)
    cfg.train_cfg.update(max_epochs=3)
    for schedule in [cfg.param_scheduler] if isinstance(cfg.param_scheduler, dict) else cfg.param_scheduler:
        schedule.update({key: value for key, value in (('epochs', 3), ('warmup_epochs', 1)) if key in schedule})
    cfg.optim_wrapper.accumulative_counts = accumulation
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=1, interval_iters=3, max_keep_ckpts=2)
    cfg.default_hooks.logger.interval = 1
    if 'target_generator' in cfg.model:
        cfg.model.target_generator.checkpoint = base_weights(cfg, work_dir)
    cfg.update(work_dir=work_dir, custom_hooks=[], log_level='ERROR', visualizer=dict(
        type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]))  # fmt: skip
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator', 'test_dataloader', 'test_cfg', 'test_evaluator'):
        cfg.pop(key, None)
    return cfg


def base_weights(cfg: Any, folder: str) -> str:
    """Write random weights of the config's base model to a file."""
    base = MODELS.build(cfg.model.target_generator)
    state = {f'backbone.{name}': value for name, value in base.state_dict().items()}
    return str(save_torch(Path(folder) / 'base.pth', {'state_dict': state}))


def synthetic_batch(cfg: Any) -> dict[str, Any]:
    """Send random photographs through the config's own pipeline and collate function."""
    loader = loader_of(cfg)
    pipeline = Compose([t for t in loader.dataset.pipeline if not t['type'].startswith('LoadImage')])
    rng = np.random.default_rng(0)
    samples = [pipeline(_photograph(rng, label)) for label in range(BATCH)]
    collate = loader.get('collate_fn')
    return (FUNCTIONS.get(collate['type']) if collate else pseudo_collate)(samples)


def _photograph(rng: np.random.Generator, label: int) -> dict[str, Any]:
    image = rng.integers(0, 256, (96, 80, 3), dtype=np.uint8)
    return {'img': image, 'img_shape': image.shape[:2], 'ori_shape': image.shape[:2], 'img_path': '', 'gt_label': label}


def build_model(cfg: Any) -> nn.Module:
    """Build the model as the runner does, with the top-level data preprocessor."""
    model_cfg = deepcopy(cfg.model)
    model_cfg.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
    return MODELS.build(model_cfg)


def initialised_model(cfg: Any) -> nn.Module:
    """Build the model of a shrunk config and initialise it; a base model keeps its random weights."""
    model = build_model(cfg)
    base = getattr(model, 'target_generator', None)
    if base is not None:
        base.init_weights = lambda: None  # there is no file to load
    model.init_weights()
    return model


def train_step(cfg: Any) -> tuple[dict[str, float], list[str]]:
    """Take one optimizer step of a shrunk config.

    Returns:
        The logged scalars, and the names of trainable parameters that the step left as they were.
    """
    model = initialised_model(cfg).train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    steps = cfg.optim_wrapper.get('accumulative_counts', 1)
    wrapper.initialize_count_status(model, 0, steps)
    before = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    batch = synthetic_batch(cfg)
    for _ in range(steps):
        log = model.train_step(batch, wrapper)
    after = dict(model.named_parameters())
    unchanged = [name for name, value in before.items() if torch.equal(value, after[name])]
    return {key: torch.as_tensor(value).item() for key, value in log.items()}, unchanged


def features(cfg: Any) -> torch.Tensor:
    """Features ``(B, C)`` that a shrunk evaluation config extracts."""
    model = initialised_model(cfg).eval()
    with torch.no_grad():
        return model(**model.data_preprocessor(synthetic_batch(cfg)), mode='tensor')
