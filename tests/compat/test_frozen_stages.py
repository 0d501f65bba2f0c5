"""Frozen stages change neither weights nor statistics, and drop nothing, in any backbone of the recipes."""

import pytest
import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

import sslrecipes.transfer  # noqa: F401  registers
from sslrecipes.compat import frozen_stages
from sslrecipes.registry import MODELS

CNNS = {
    'MobileNetV2': {},
    'mmpretrain.MobileNetV2': {},
    'mmdet.MobileNetV2': {},
    'mmseg.MobileNetV2': {},
    'DilatedMobileNetV2': {},
    'ShuffleNetV1': {},
    'ShuffleNetV2': {},
    'MobileNetV3': {},
    'ResNet': dict(depth=18),
    'ResNet_CIFAR': dict(depth=18),
    'ResNetV1c': dict(depth=18),
    'ResNetV1d': dict(depth=18),
    'mmdet.ResNet': dict(depth=18, norm_eval=False),
    'mmseg.ResNetV1c': dict(depth=18),
}
ARCH = dict(embed_dims=16, num_layers=4, num_heads=2, feedforward_channels=32)
VIT = dict(arch=ARCH, img_size=32, patch_size=8, drop_path_rate=0.5, drop_rate=0.5)
VITS = {
    'VisionTransformer': VIT,
    'DINOViT': VIT,
    'MAEPrivFineTuneViT': VIT,
    'PatchResizingViT': VIT,
    'TECFineTuneViT': VIT,
    'ViTDet': dict(VIT, window_size=2, global_blocks=1),
    'BEiTViT': VIT,
}


@pytest.mark.parametrize('name', CNNS)
@pytest.mark.parametrize('stages', [0, 2])
def test_statistics_of_frozen_stages_stay(name, stages):
    backbone = MODELS.build(dict(type=name, frozen_stages=stages, **CNNS[name]))
    backbone.train()
    backbone.train()  # as each epoch does
    norms = {name: module for name, module in backbone.named_modules() if isinstance(module, _NormBase)}
    frozen = [name for name, norm in norms.items() if not norm.weight.requires_grad]
    before = {name: norm.running_mean.clone() for name, norm in norms.items()}
    with torch.no_grad():
        backbone(torch.randn(2, 3, 64, 64))
    changed = {name for name, norm in norms.items() if not torch.equal(norm.running_mean, before[name])}
    assert frozen
    assert changed == set(norms) - set(frozen)


@pytest.mark.parametrize('name', CNNS)
def test_a_stem_that_is_not_frozen_keeps_learning(name):
    backbone = MODELS.build(dict(type=name, frozen_stages=-1, **CNNS[name]))
    backbone.train()
    norms = [module for module in backbone.modules() if isinstance(module, _NormBase)]
    assert all(module.training and module.weight.requires_grad for module in norms)


@pytest.mark.parametrize('name', VITS)
def test_a_frozen_block_drops_nothing(name):
    vit = MODELS.build(dict(type=name, frozen_stages=1, **VITS[name])).train()
    assert not any(module.training for part in (vit.patch_embed, vit.layers[0]) for module in part.modules())


@pytest.mark.parametrize('name', VITS)
def test_frozen_blocks_drop_nothing(name):
    vit = MODELS.build(dict(type=name, frozen_stages=3, **VITS[name]))
    assert vit.train() is vit
    parts = (vit.patch_embed, vit.drop_after_pos, *vit.layers[:3])
    assert not any(module.training for part in parts for module in part.modules())
    assert all(module.training for module in vit.layers[3].modules())
    trained = [name for name, value in vit.named_parameters() if value.requires_grad]
    assert not any(name.startswith(('patch_embed', 'cls_token', 'layers.0', 'layers.2.')) for name in trained)
    assert not vit.train(False).training


def test_a_second_call_changes_nothing():
    before = MODELS.get('MobileNetV2')._freeze_stages, MODELS.get('VisionTransformer').train
    frozen_stages.install()
    assert (MODELS.get('MobileNetV2')._freeze_stages, MODELS.get('VisionTransformer').train) == before


def test_other_modules_train_as_ever():
    vit = MODELS.build(dict(type='VisionTransformer', **VIT))
    assert all(module.training for module in vit.train().modules() if isinstance(module, nn.Dropout))
