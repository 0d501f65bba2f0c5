"""Shrink detectors and segmentors, and train them two steps from what their pre-training recipe writes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import torchvision
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from torch import nn

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.runner import SSLRunner

PIXELS, BATCH, STEPS, CHANNELS, REGIONS = 64, 2, 2, 16, 8
WARMUP_FACTOR = 1e-3
#: New values of the options that parts of a detector or segmentor have, wherever they are.
SIZES = {
    'window_size': 2,
    'input_size': PIXELS,
    'out_channels': CHANNELS,
    'feat_channels': CHANNELS,
    'channels': CHANNELS,
    'inner_channels': CHANNELS,
    'conv_out_channels': CHANNELS,
    'fc_out_channels': CHANNELS,
    'num_groups': 4,
    'nms_pre': 50,
    'max_per_img': 20,
    'size': (PIXELS, PIXELS),
}


def resnet_width(cfg: Any) -> int:
    """Channels of a tiny ResNet's stem: 8, or the real 64, which the shared head of C4 is made for."""
    return 64 if 'shared_head' in cfg.model.get('roi_head', {}) else 8


def shrink(cfg: Any, tiny: ModuleType) -> Any:
    """Make a recipe tiny, with the backbone that its pre-training has when it is tiny."""
    cfg = deepcopy(cfg)
    if cfg.model.backbone.get('norm_eval'):
        cfg.optim_wrapper.optimizer.lr *= WARMUP_FACTOR  # nothing but the warm-up limits the first steps
    shrink_options(cfg.model)
    shrink_backbone(cfg.model.backbone, resnet_width(cfg), tiny)
    connect(cfg.model, feature_widths(cfg))
    if 'pad_size_divisor' in cfg.model.data_preprocessor:
        cfg.model.data_preprocessor.pad_size_divisor = 32
    if cfg.optim_wrapper.type.endswith('AmpOptimWrapper'):
        cfg.optim_wrapper.update(dtype='bfloat16')  # no loss scaling, whose first steps are skipped
    return cfg


def shrink_options(node: Any) -> None:
    """Set the `SIZES`, and few regions to learn from, in all dicts of a model but the backbone."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == 'sampler':
            value.num = REGIONS
        if isinstance(value, (dict, list)):
            shrink_options(value)
        elif key in SIZES and isinstance(value, (int, tuple)):
            node[key] = SIZES[key]


def shrink_backbone(backbone: Any, width: int, tiny: ModuleType) -> None:
    """Make a backbone as small as that of the tiny pre-training."""
    if 'arch' in backbone:
        patch_size = backbone.get('pretrained_patch_size') or backbone.patch_size
        backbone.update(arch=tiny.ARCH, img_size=tiny.PATCHES_PER_SIDE * patch_size)
        if 'out_indices' in backbone:
            backbone.out_indices = [
                tiny.DEPTH - len(backbone.out_indices) + i for i in range(len(backbone.out_indices))
            ]
    elif 'depth' in backbone:
        backbone.update(stem_channels=width, base_channels=width)
    else:
        backbone.widen_factor = 0.1


def feature_widths(cfg: Any) -> list[int]:
    """Channels of the maps that the backbone returns."""
    with DefaultScope.overwrite_default_scope(cfg.default_scope), torch.no_grad():
        backbone = MODELS.build(deepcopy(cfg.model.backbone))
        backbone.eval()  # returns None for some
        return [feature.shape[1] for feature in backbone(torch.zeros(1, 3, PIXELS, PIXELS))]


def connect(model: Any, widths: list[int]) -> None:
    """Let the parts behind the backbone expect what the ones before them now return."""
    neck = model.get('neck')
    if neck and 'embed_dim' in neck:
        neck.embed_dim = widths[-1]
    elif neck:
        neck.in_channels = widths[-1] if isinstance(neck.in_channels, int) else widths
        widths = [CHANNELS] * len(widths)
    for name in ('decode_head', 'auxiliary_head'):
        if name in model:
            head = model[name]
            index = head.in_index
            head.in_channels = widths[index] if isinstance(index, int) else [widths[one] for one in index]
    if 'rpn_head' in model:
        model.rpn_head.in_channels = widths[-1]
        connect_regions(model.roi_head, widths[-1])
    if 'semantic_head' in model:
        model.semantic_head.in_channels = CHANNELS


def connect_regions(roi_head: Any, width: int) -> None:
    """The same for what looks at regions; the shared head of a C4 detector doubles the width."""
    for name in ('bbox_roi_extractor', 'mask_roi_extractor'):
        if roi_head.get(name):
            roi_head[name].out_channels = width
    for name in ('bbox_head', 'mask_head'):
        if roi_head.get(name):
            roi_head[name].in_channels = 2 * width if 'shared_head' in roi_head else width


def tiny_pretraining(pretraining: Any, width: int, tiny: ModuleType, folder: Path) -> Any:
    """Make a short run of a pre-training, with a ResNet of ``width`` channels, which don't all die as fewer might."""
    small = tiny.short_run(pretraining, str(folder))
    small.train_cfg.max_epochs = 2  # the shortest that its schedules, of one epoch of warm-up, allow
    small.train_dataloader.dataset.indices = 4 * tiny.BATCH
    for schedule in [small.param_scheduler] if isinstance(small.param_scheduler, dict) else small.param_scheduler:
        schedule.update({key: 2 for key in ('epochs',) if key in schedule})
    backbone = small.model.backbone
    if 'depth' in backbone:
        small.optim_wrapper.optimizer.lr = min(small.optim_wrapper.optimizer.lr, 1e-3)  # a larger one throws it far off
        # few steps don't fill running statistics, which detectors with fixed norms rely on
        backbone.update(stem_channels=width, base_channels=width, norm_cfg=dict(type='BN', momentum=1.0))
        for part in small.model.values():
            if isinstance(part, dict) and 'in_channels' in part:
                part.in_channels = 2 ** (backbone.get('num_stages', 4) - 1) * width * (4 if backbone.depth >= 50 else 1)
    return small


def pretrained(small: Any) -> Path:
    """Run a tiny pre-training, and return its last checkpoint."""
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        SSLRunner.from_cfg(small).train()
    path = CheckpointStore(small.work_dir).newest_good()[0]
    assert path is not None
    return path


def torchvision_file(small: Any, folder: Path) -> Path:
    """Write a random ResNet like the backbone of a tiny detector, in torchvision's layout: the same names, and fc."""
    stages = {'num_stages': 4, 'out_indices': (3,), 'strides': (1, 2, 2, 2), 'dilations': (1, 1, 1, 1)}
    state = MODELS.build({**small.model.backbone, **stages}).state_dict()
    classes = torchvision.models.resnet18().fc.state_dict()
    return save_torch(folder / 'resnet.pth', {**state, **{f'fc.{name}': value for name, value in classes.items()}})


def build(cfg: Any) -> nn.Module:
    """Build the model in the config's scope."""
    model_cfg = deepcopy(cfg.model)
    model_cfg.setdefault('data_preprocessor', cfg.get('data_preprocessor'))
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        return MODELS.build(model_cfg)


@contextmanager
def without_memory() -> Iterator[None]:
    """Models built here have shapes but no values; what they read at once is a schedule of rates."""
    with torch.device('meta'), patch('torch.linspace', partial(torch.linspace, device='cpu')):
        yield


def batch_of(cfg: Any) -> dict[str, Any]:
    """Noise with objects, or with a class per pixel, in the format of the config's package."""
    classes = cfg.model.get('decode_head', {}).get('num_classes', 2)
    demo = importlib.import_module('mmdet.testing').demo_mm_inputs
    shape = (3, PIXELS, PIXELS)
    batch = demo(BATCH, shape, num_items=[2] * BATCH, num_classes=2, with_mask=True, with_semantic=True)
    if cfg.default_scope == 'mmseg':
        sample = importlib.import_module('mmseg.structures').SegDataSample
        labels = torch.from_numpy(np.random.default_rng(0).integers(0, classes, (BATCH, 1, PIXELS, PIXELS)))
        meta = {'img_shape': shape[1:], 'ori_shape': shape[1:]}
        batch['data_samples'] = [sample(metainfo=meta, gt_sem_seg=PixelData(data=label)) for label in labels]
    return batch


def train(cfg: Any, checkpoint: Path | None) -> tuple[list[dict[str, float]], list[str]]:
    """Load the backbone and take some optimizer steps.

    Returns:
        What each step logged, and the names of the backbone's parameters that are trained but as they were loaded, or
        fixed but no longer so.
    """
    loading = importlib.import_module('sslrecipes.transfer.loading')
    model = build(cfg)
    model.train()
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model.init_weights()
        loading.load_backbone(model, **{**cfg.transfer, 'checkpoint': checkpoint})
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    backbone = loading.pretrained_part(model)
    before = {name: parameter.detach().clone() for name, parameter in backbone.named_parameters()}
    batch = batch_of(cfg)
    logs = [model.train_step(batch, wrapper) for _ in range(STEPS)]
    after = dict(backbone.named_parameters())
    odd = [name for name, value in before.items() if torch.equal(value, after[name]) == after[name].requires_grad]
    return [{key: float(value) for key, value in log.items()} for log in logs], odd
