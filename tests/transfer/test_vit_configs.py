from functools import cache
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS as DETECTORS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.models import VisionTransformer
from mmseg.registry import MODELS as SEGMENTORS
from torch import nn

from sslrecipes.engine.optimizers import ParamGroupsConstructor

CONFIGS = Path(__file__).parents[2] / 'configs'
FILES = sorted(CONFIGS.glob('*/transfer/*vit*.py'))
FOLDERS = ('mae/*.py', 'mae_priv/*.py', 'tec/*.py', 'sslight/*vit-tiny*.py')
PRETRAINING = [path for folder in FOLDERS for path in sorted(CONFIGS.glob(folder))]
ARCH = dict(embed_dims=16, num_layers=12, num_heads=2, feedforward_channels=32)
BASE = CONFIGS / 'mae/transfer'
DETECTOR = BASE / 'mask-rcnn_vitdet-base_mae-1600e-pre_64xb1-amp-multisteplr-184k_coco-1024px.py'
SEGMENTOR = BASE / 'upernet_vit-base-p16_mae-1600e-pre_8xb2-amp-polylr-160k_ade20k-512px.py'

read = cache(Config.fromfile)


def sizes(backbone):
    arch = backbone.arch
    return VisionTransformer.arch_zoo[arch] if isinstance(arch, str) else arch


@cache
def build(path):
    """Build the model of a config with blocks 16 wide."""
    cfg = read(path)
    init_default_scope(cfg.default_scope)
    model = Config.fromfile(path).model
    model.backbone.arch = {**ARCH, 'num_layers': sizes(model.backbone)['num_layers']}
    if cfg.default_scope == 'mmdet':
        model.neck.in_channels = 16
        model.roi_head.bbox_head.fc_out_channels = 16
        return DETECTORS.build(model)
    model.neck.embed_dim = model.auxiliary_head.in_channels = 16
    model.decode_head.update(in_channels=[16] * 4, channels=16)
    return SEGMENTORS.build(model)


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_widths_agree(path):
    model = read(path).model
    width = sizes(model.backbone)['embed_dims']
    if model.type == 'MaskRCNN':
        assert model.neck.in_channels == width
    else:
        heads = (model.decode_head.channels, model.auxiliary_head.in_channels, model.neck.embed_dim)
        assert {*model.decode_head.in_channels, *heads} == {width}
        classes = 19 if 'cityscapes' in path.stem else 150
        assert model.decode_head.num_classes == model.auxiliary_head.num_classes == classes


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_network_is_that_of_the_pretraining(path):
    checkpoint = read(path).transfer.checkpoint.split('/')[1]
    (pretraining,) = (read(recipe).model.backbone for recipe in PRETRAINING if recipe.stem == checkpoint)
    backbone = read(path).model.backbone
    assert sizes(backbone) == sizes(pretraining)
    assert backbone.img_size == pretraining.img_size
    assert (backbone.get('pretrained_patch_size') or backbone.patch_size) == pretraining.patch_size
    tokenless = pretraining.type == 'MAEPrivViT' and not pretraining.get('with_cls_token', False)
    assert backbone.get('with_cls_token', True) is not tokenless


def distinct():
    """One path for each different model."""
    return list({str(read(path).model): path for path in reversed(FILES)}.values())


@pytest.mark.parametrize('path', distinct(), ids=lambda path: path.stem)
def test_model_builds_and_gives_a_pyramid(path):
    model = build(path)
    maps = model.extract_feat(torch.randn(1, 3, 64, 96))
    assert [tuple(level.shape[-2:]) for level in maps][:4] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert len(maps) == (5 if read(path).default_scope == 'mmdet' else 4)


def settings(path):
    """Learning-rate scale and weight decay of each parameter, by name."""
    cfg, model = read(path).optim_wrapper, build(path)
    constructor = ParamGroupsConstructor(cfg.to_dict(), cfg.paramwise_cfg.to_dict())
    groups = constructor.param_groups(model, cfg.optimizer.lr, cfg.optimizer.weight_decay)
    found = {id(p): (group['lr_scale'], group['weight_decay']) for group in groups for p in group['params']}
    return {name: found[id(param)] for name, param in model.named_parameters()}


@pytest.mark.parametrize(('path', 'decay'), [(DETECTOR, 0.7), (SEGMENTOR, 0.65)])
def test_learning_rate_falls_towards_the_image(path, decay):
    scales = {name: scale for name, (scale, _) in settings(path).items()}
    for name, scale in scales.items():
        depth = 13
        if name.startswith('backbone.'):
            depth = int(name.split('.')[2]) + 1 if '.layers.' in name else 0
        assert scale == pytest.approx(decay ** (13 - depth)), name
    assert min(scales.values()) == pytest.approx(decay**13)


def norms_of(model):
    kinds = (nn.LayerNorm, nn.BatchNorm2d, nn.SyncBatchNorm)
    return {
        f'{path}.{name}'
        for path, module in model.named_modules()
        if isinstance(module, kinds)
        for name in ('weight', 'bias')
    }


def test_vitdet_decays_all_but_norms_and_positions():
    undecayed = {name for name, (_, decay) in settings(DETECTOR).items() if decay == 0}
    assert undecayed == norms_of(build(DETECTOR)) | {'backbone.pos_embed'}


def test_upernet_decays_no_biases_norms_positions_and_tokens():
    undecayed = {name for name, (_, decay) in settings(SEGMENTOR).items() if decay == 0}
    biases = {name for name in settings(SEGMENTOR) if name.endswith('.bias')}
    assert undecayed == norms_of(build(SEGMENTOR)) | biases | {'backbone.pos_embed', 'backbone.cls_token'}
