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

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.config.places import walk
from sslrecipes.engine.hooks.step_hook import begin_step, end_step
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

PATCHES_PER_SIDE, WIDTH, DEPTH, HEADS, BATCH = 4, 32, 6, 2, 4
#: Those of the digits.
CLASSES = 10
ARCH = {'embed_dims': WIDTH, 'num_layers': DEPTH, 'num_heads': HEADS, 'feedforward_channels': 2 * WIDTH}
#: New values of the keys that a part of the model, or a part within it, has.
SIZES = {
    'arch': ARCH,
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
    **dict.fromkeys(('hidden_channels', 'hid_channels'), WIDTH),
    'bottleneck_channels': WIDTH // 2,
    'out_channels': WIDTH,
    'feat_channels': WIDTH,
    'num_prototypes': WIDTH,
    'queue_length': 4 * BATCH,
    'queue_start_epoch': 1,
    'warmup_teacher_temp_epochs': 2,
    'checkpoint': None,
    'num_classes': CLASSES,
}
CNN_PIXELS = 32
#: What a network of a few channels stands for some steps; recipes for batches of thousands have more.
HIGHEST_LR = 0.05
#: A step after the epochs in which methods withhold parameters.
LATER = Progress(step=4, steps_per_epoch=2, epochs=3)
#: Sizes of images and views, as shares of the backbone's image.
TRANSFORM_SIZES = {'scale': 1, 'crop_size': 1, 'global_size': 1, 'local_size': 1 / 2, 'montage_size': 2}


def shrink(cfg: Any) -> Any:
    """Give the config's model tiny widths, depths and images, consistently, and random weights."""
    cfg = narrow(cfg)
    for _, part in walk(cfg.model):
        if not isinstance(part, dict):
            continue
        if 'num_patches' in part:
            part.num_patches = PATCHES_PER_SIDE**2
        if 'img_size' in part:
            part.img_size = PATCHES_PER_SIDE * part.patch_size
        if 'topk' in part:
            part.topk = min(part.topk, PATCHES_PER_SIDE**2)
    pixels = cfg.model.backbone.get('img_size', CNN_PIXELS)
    for transform in loader_of(cfg).dataset.pipeline:
        transform.update({key: int(share * pixels) for key, share in TRANSFORM_SIZES.items() if key in transform})
    return cfg


def narrow(cfg: Any) -> Any:
    """Give the config's model tiny widths and depths, consistently, random weights, and two local views at most."""
    cfg = deepcopy(cfg)
    for _, part in [*walk(cfg.model), *walk(cfg.get('data_preprocessor'))]:
        if not isinstance(part, dict):
            continue
        part.update({key: value for key, value in SIZES.items() if key in part})
        if 'out_indices' in part and 'num_stages' not in part:
            part.out_indices = [DEPTH - len(part.out_indices) + i for i in range(len(part.out_indices))]
        if part.get('init_cfg', {}) and 'checkpoint' in part.init_cfg:
            del part['init_cfg']
    narrow_cnn(cfg.model)
    for transform in loader_of(cfg).dataset.pipeline:
        if 'num_locals' in transform:
            transform.num_locals = min(transform.num_locals, 2)
    if cfg.get('optim_wrapper', {}).get('type') == 'AmpOptimWrapper':
        cfg.optim_wrapper.update(dtype='bfloat16')  # no loss scaling, whose first steps are skipped
    return cfg


def narrow_cnn(model: Any) -> None:
    """Make a ResNet end with ``WIDTH`` channels, and a MobileNetV2 narrow but for its last layer, which is fixed."""
    backbone = model.backbone
    if backbone.type in ('ResNet', 'ResNet_CIFAR'):
        expansion = 4 if backbone.depth >= 50 else 1
        last = 2 ** (backbone.get('num_stages', 4) - 1)
        backbone.update(stem_channels=4, base_channels=WIDTH // (last * expansion))
        backbone.zero_init_residual = False  # or the first step leaves most weights alone
        backbone.norm_eval = False  # likewise: ReLUs are dead where one channel has the statistics of random weights
    elif backbone.type == 'MobileNetV2':
        backbone.widen_factor = 0.1
        for part in (model, model.get('neck'), model.get('head'), model.get('probe')):
            if part and 'in_channels' in part:
                part.in_channels = 1280


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
    cfg.optim_wrapper.optimizer.lr = min(cfg.optim_wrapper.optimizer.lr, HIGHEST_LR)
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=1, interval_iters=3, max_keep_ckpts=2)
    cfg.default_hooks.logger = dict(type='LoggerHook', interval=1)
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
    begin_step(model, wrapper, LATER)
    for _ in range(steps):
        log = model.train_step(batch, wrapper)
    end_step(model, wrapper)
    after = dict(model.named_parameters())
    unchanged = [name for name, value in before.items() if torch.equal(value, after[name])]
    return {key: torch.as_tensor(value).item() for key, value in log.items()}, unchanged


def features(cfg: Any) -> torch.Tensor:
    """Features ``(B, C)`` that a shrunk evaluation config extracts."""
    model = initialised_model(cfg).eval()
    with torch.no_grad():
        return model(**model.data_preprocessor(synthetic_batch(cfg)), mode='tensor')
