"""Checkpoints of small networks with weights that are all different."""

import pytest
import torch
from mmpretrain.models import MobileNetV2, ResNet, ResNet_CIFAR, VisionTransformer

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.models.backbones import DINOViT, TECViT

ARCH = dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=48)
SIZES = dict(img_size=16, patch_size=4)
VIT_CONFIG = (
    "data_preprocessor = dict(mean=[120.0, 110.0, 100.0], std=[60.0, 61.0, 62.0], type='SelfSupDataPreprocessor')\n"
    "model = dict(type='MAE', backbone=dict(type='MaskedViT', init_cfg=dict(checkpoint='a'), "
    'arch=dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=48)))\n'
)
CONFIGS = {
    ResNet: "model = dict(type='DINO', backbone=dict(type='ResNet'))",
    ResNet_CIFAR: "model = dict(type='DINO', backbone=dict(type='ResNet_CIFAR', strides=(2, 2, 2, 2)))",
    MobileNetV2: "model = dict(type='MoCo', backbone=dict(type='MobileNetV2'))",
}
BUILDERS = {
    'vit': lambda: VisionTransformer(ARCH, out_type='raw', **SIZES),
    'vit-finetuned': lambda: VisionTransformer(ARCH, out_type='avg_featmap', final_norm=False, **SIZES),
    'vit-without-norm': lambda: VisionTransformer(ARCH, out_type='raw', final_norm=False, **SIZES),
    'vit-gap': lambda: VisionTransformer(ARCH, out_type='raw', with_cls_token=False, **SIZES),
    'vit-gap-finetuned': lambda: VisionTransformer(
        ARCH, out_type='avg_featmap', final_norm=False, with_cls_token=False, **SIZES
    ),
    'tec': lambda: TECViT(ARCH, out_type='raw', **SIZES),
    'dino-vit': lambda: DINOViT(ARCH, out_type='raw', **SIZES),
    'resnet18': lambda: ResNet(18),
    'resnet50': lambda: ResNet(50),
    'resnet-thin': lambda: ResNet(18, stem_channels=8, base_channels=8),
    'resnet-small-images': lambda: ResNet_CIFAR(18, stem_channels=8, base_channels=8, strides=(2, 2, 2, 2)),
    'mobilenetv2': lambda: MobileNetV2(widen_factor=0.35),
}


def _randomise(network):
    generator = torch.Generator().manual_seed(0)
    for name, value in network.state_dict().items():
        if value.dim() > 1:
            fan_in = value[0].numel() if name.endswith('weight') else 4
            value.normal_(0, (1.5 / fan_in) ** 0.5, generator=generator)
        elif value.dim() == 1:
            value.uniform_(0.5, 1.5, generator=generator)
    network.eval()
    return network


@pytest.fixture(scope='session')
def pretrained(tmp_path_factory):
    """``pretrained('vit')``: the network, and its checkpoint with that of a teacher, each built once."""
    folder, built = tmp_path_factory.mktemp('checkpoints'), {}

    def get(kind):
        if kind not in built:
            network = _randomise(BUILDERS[kind]())
            weights = network.state_dict()
            state = {f'backbone.{name}': value for name, value in weights.items()}
            state |= {f'teacher.backbone.{name}': value + 0.01 for name, value in weights.items()}
            config = CONFIGS.get(type(network), VIT_CONFIG)
            save_torch(folder / f'{kind}.pth', {'state_dict': state, 'meta': {'cfg': config}})
            built[kind] = network
        return built[kind], folder / f'{kind}.pth'

    return get
