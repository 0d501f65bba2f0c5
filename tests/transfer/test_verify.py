"""The verification accepts what computes the same and refuses what merely loads."""

import mmseg.models
import pytest
import torch
import torchvision
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.roi_heads.shared_heads import ResLayer
from mmpretrain.models import MobileNetV2, ResNet, ResNet_CIFAR, VisionTransformer
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError
from sslrecipes.transfer.dilated_mobilenet import DilatedMobileNetV2
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.reference import ReferenceMobileNetV2, ReferenceResNet
from sslrecipes.transfer.verify import probe, verify_backbone
from sslrecipes.transfer.vitdet import ViTDet

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
STAGES = (0, 1, 2, 3)


class Model(nn.Module):
    """Anything with a backbone, and perhaps the shared head of a C4 detector."""

    def __init__(self, backbone, shared_head=None):
        super().__init__()
        self.backbone = backbone
        self.roi_head = nn.Module()
        self.roi_head.shared_head = shared_head


def resnet(depth=18, kind=ResNet, **options):
    return kind(depth, **{'stem_channels': 8, 'base_channels': 8, 'out_indices': STAGES, 'init_cfg': None, **options})


def vit(**options):
    defaults = {'arch': ARCH, 'img_size': 32, 'patch_size': 8, 'out_type': 'featmap', 'out_indices': [0, 1]}
    return VisionTransformer(**{**defaults, **options})


def scattered(network):
    """The state of a network after its weights and statistics got values of no special kind."""
    for name, value in network.state_dict().items():
        if value.ndim:
            value.copy_(torch.rand(value.shape) + 0.5 if 'var' in name else value + 0.1 * torch.randn(value.shape))
    return network.state_dict()


def save(path, network):
    save_torch(path, {'state_dict': {f'backbone.{name}': value for name, value in scattered(network).items()}})
    return path


def loaded(path, backbone, **how):
    model = Model(backbone)
    load_backbone(model, path, **how)
    return model


@pytest.mark.parametrize(
    ('network', 'backbone', 'names'),
    [
        (resnet, resnet, ['layer1', 'layer2', 'layer3', 'layer4']),
        (lambda: resnet(50), lambda: resnet(50, out_indices=(3,)), ['layer4']),
        (lambda: resnet(kind=ResNet_CIFAR, strides=(2, 2, 2, 2)),
         lambda: resnet(kind=ResNet_CIFAR, strides=(2, 2, 2, 2), out_indices=(1, 3)), ['layer2', 'layer4']),
        (lambda: MobileNetV2(0.1), lambda: MobileNetV2(0.1, out_indices=(2, 6, 7)), ['layer3', 'layer7', 'conv2']),
        (vit, lambda: vit(img_size=48, final_norm=False), ['layers.0', 'layers.1']),
        (vit, lambda: vit(with_cls_token=False), ['layers.0', 'layers.1']),
        (vit, lambda: ViTDet(ARCH, 32, 8, window_size=2, global_blocks=1), ['layers.1']),
        (lambda: vit(layer_cfgs=dict(qkv_bias=False)), lambda: vit(layer_cfgs=dict(qkv_bias=False)),
         ['layers.0', 'layers.1']),
    ],
)  # fmt: skip
def test_the_same_network_passes(tmp_path, network, backbone, names):
    path = save(tmp_path / 'a.pth', network())
    report = verify_backbone(loaded(path, backbone()), path)
    assert [feature.name for feature in report.features] == names
    assert report.difference <= 1e-5
    assert all(feature.largest > 1e-2 for feature in report.features)
    assert report.summary().count('\n') == len(names)


DILATED = dict(strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))


@pytest.mark.parametrize(
    ('network', 'backbone'),
    [
        (resnet, lambda: resnet(**DILATED)),
        (lambda: resnet(50), lambda: resnet(50, mmseg.models.ResNet, contract_dilation=True, **DILATED)),
        (lambda: MobileNetV2(0.1), lambda: DilatedMobileNetV2(8, widen_factor=0.1)),
    ],
)
def test_dilated_networks_are_compared_with_dilated_ones(tmp_path, network, backbone):
    path = save(tmp_path / 'a.pth', network())
    model = loaded(path, backbone())
    report = verify_backbone(model, path)
    assert report.difference <= 1e-5
    assert report.features[-1].shape[-2:] == (28, 28)
    next(model.backbone.layer4[0].parameters()).data.mul_(-1)
    with pytest.raises(CheckpointError, match='computes other features'):
        verify_backbone(model, path)


@pytest.mark.parametrize(
    ('network', 'backbone', 'place'),
    [
        (lambda: resnet(50), lambda: resnet(50, style='caffe'), 'layer2'),
        (resnet, lambda: resnet(norm_cfg=dict(type='BN', eps=1e-3)), 'layer1'),
        (resnet, lambda: resnet(strides=(1, 2, 2, 1)), 'layer4'),
        (lambda: MobileNetV2(0.1), lambda: MobileNetV2(0.1, act_cfg=dict(type='ReLU')), 'conv2'),
        (vit, lambda: vit(norm_cfg=dict(type='LN', eps=1e-3)), 'layers.0'),
    ],
)
def test_a_network_that_fits_but_computes_something_else(tmp_path, network, backbone, place):
    path = save(tmp_path / 'a.pth', network())
    with pytest.raises(CheckpointError, match=f'other features.*{place} '):
        verify_backbone(loaded(path, backbone()), path)


def test_one_changed_weight_is_found(tmp_path):
    path = save(tmp_path / 'a.pth', resnet())
    model = loaded(path, resnet())
    model.backbone.layer3[1].bn2.running_mean[0] += 1e-2
    with pytest.raises(CheckpointError, match=r'by layer3 \(1, 32, 14, 14\): .*layer4'):
        verify_backbone(model, path)


def test_the_last_stage_of_a_c4_detector_is_compared(tmp_path):
    path = save(tmp_path / 'a.pth', resnet(stem_channels=64, base_channels=64))
    trunk = resnet(stem_channels=64, base_channels=64, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
                   out_indices=(2,))  # fmt: skip
    model = Model(trunk, ResLayer(18, stage=3))
    load_backbone(model, path)
    report = verify_backbone(model, path)
    assert [feature.name for feature in report.features] == ['layer3', 'layer4']
    model.roi_head.shared_head.layer4[0].conv1.weight.data[0] += 0.1
    with pytest.raises(CheckpointError, match='by layer4 '):
        verify_backbone(model, path)


def test_a_last_stage_that_begins_anew_is_not_compared(tmp_path):
    trunk = resnet(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
    path, model = save(tmp_path / 'a.pth', trunk), Model(resnet())
    load_backbone(model, path, ignore=['layer4.'])
    assert [feature.name for feature in verify_backbone(model, path).features] == ['layer1', 'layer2', 'layer3']


def test_the_model_stays_as_it_is(tmp_path):
    path = save(tmp_path / 'a.pth', vit())
    model = loaded(path, vit()).half()
    model.backbone.layers[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    random = torch.get_rng_state()
    with pytest.raises(CheckpointError):  # half precision has rounded the weights
        verify_backbone(model, path)
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert (model.backbone.final_norm, model.backbone.layers[0].ln1.weight.dtype) == (True, torch.float16)


def test_what_cannot_be_compared_is_named(tmp_path):
    save_torch(tmp_path / 'a.pth', {'backbone.stem.weight': torch.ones(1)})
    with pytest.raises(CheckpointError, match=r'a\.pth": it holds no ResNet, MobileNetV2 or ViT'):
        verify_backbone(Model(resnet()), tmp_path / 'a.pth')
    path = save(tmp_path / 'b.pth', vit(layer_scale_init_value=0.5))
    with pytest.raises(CheckpointError, match=r'b\.pth": it holds a variant of a network'):
        verify_backbone(Model(vit()), path)


@torch.no_grad()
def test_references_compute_what_torchvision_does():
    images = probe((64, 96))
    network = torchvision.models.resnet18()
    network.fc = nn.Identity()
    reference = ReferenceResNet(scattered(network))
    torch.testing.assert_close(reference.eval()(images)['layer4'].mean(dim=(2, 3)), network.eval()(images))
    network = torchvision.models.mobilenet_v2(width_mult=0.5).features
    reference = ReferenceMobileNetV2({f'features.{name}': value for name, value in scattered(network).items()})
    torch.testing.assert_close(reference.eval()(images)['conv2'], network.eval()(images))


def test_dilation_hides_no_other_stride(tmp_path):
    path = save(tmp_path / 'run.pth', resnet(50))
    dilated = dict(strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4))
    verify_backbone(loaded(path, resnet(50, **dilated)), path)
    with pytest.raises(CheckpointError, match='other features'):
        verify_backbone(loaded(path, resnet(50, style='caffe', **dilated)), path)


def stated(path, network, text):
    state = {f'backbone.{name}': value for name, value in network.state_dict().items()}
    save_torch(path, {'state_dict': state, 'meta': {'cfg': text}})
    return path


def test_another_number_of_heads_is_found(tmp_path):
    path = stated(tmp_path / 'run.pth', vit(), 'model = dict(backbone=dict(arch=dict(num_heads=2)))')
    verify_backbone(loaded(path, vit()), path)
    with pytest.raises(CheckpointError, match='trained with 2 heads, the model has 4'):
        verify_backbone(loaded(path, vit(arch={**ARCH, 'num_heads': 4})), path)


@pytest.mark.parametrize(
    ('text', 'preprocessor', 'message'),
    [
        ('', dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True), None),
        ('', dict(mean=[0.0] * 3, std=[1.0] * 3, bgr_to_rgb=True), 'mean and deviation'),
        ('', dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]), 'trained on RGB'),
        ('data_preprocessor = dict(mean=[1.0, 1.0, 1.0], std=[2.0, 2.0, 2.0])',
         dict(mean=[1.0] * 3, std=[2.0] * 3, bgr_to_rgb=True), None),
    ],
)  # fmt: skip
def test_normalisation_is_compared(tmp_path, text, preprocessor, message):
    path = stated(tmp_path / 'run.pth', resnet(), text)
    model = loaded(path, resnet())
    model.data_preprocessor = DetDataPreprocessor(**preprocessor)
    if message is None:
        verify_backbone(model, path)
        return
    with pytest.raises(CheckpointError, match=message):
        verify_backbone(model, path)
