from dataclasses import replace

import pytest
import torch
from mmpretrain.models import MobileNetV2, ResNet, ResNet_CIFAR, VisionTransformer

from sslrecipes.checkpoint.backbone_arch import MobileNetV2Arch, ResNetArch, ViTArch, backbone_arch
from sslrecipes.errors import CheckpointError

SIZES = dict(embed_dims=24, num_layers=3, num_heads=2, feedforward_channels=40)


def shapes(network):
    return {name: torch.empty_like(value, device='meta') for name, value in network.state_dict().items()}


@pytest.mark.parametrize('options', [{}, {'with_cls_token': False, 'qkv_bias': False}, {'final_norm': False}])
@pytest.mark.parametrize('out_type', ['raw', 'avg_featmap'])
def test_vit(options, out_type):
    with torch.device('meta'):
        vit = VisionTransformer(SIZES, img_size=20, patch_size=5, out_type=out_type, **options)
    wanted = ViTArch(
        depth=3, width=24, hidden=40, patch_size=5, image_size=20,
        cls_token=options.get('with_cls_token', True), final_norm=options.get('final_norm', True),
        pooled_norm=out_type == 'avg_featmap', qkv_bias=options.get('qkv_bias', True),
    )  # fmt: skip
    assert backbone_arch(shapes(vit)) == wanted


@pytest.mark.parametrize(
    ('depth', 'blocks'), [(18, (2, 2, 2, 2)), (34, (3, 4, 6, 3)), (50, (3, 4, 6, 3)), (101, (3, 4, 23, 3))]
)
def test_resnet(depth, blocks):
    arch = backbone_arch(shapes(ResNet(depth, stem_channels=8, base_channels=16)))
    assert arch == ResNetArch(depth, depth >= 50, blocks, stem_channels=8, base_channels=16, stem_kernel=7)


def test_resnet_for_small_images():
    arch = backbone_arch(shapes(ResNet_CIFAR(18, stem_channels=4, base_channels=4)))
    assert isinstance(arch, ResNetArch)
    assert arch.stem_kernel == 3


@pytest.mark.parametrize(('depth', 'blocks'), [(18, (2, 2, 2)), (34, (3, 4, 6)), (50, (3, 4, 6)), (101, (3, 4, 23))])
def test_trunk_of_a_c4_detector(depth, blocks):
    state = shapes(ResNet(depth, stem_channels=8, base_channels=16))
    arch = backbone_arch({name: value for name, value in state.items() if not name.startswith('layer4.')})
    assert arch == ResNetArch(depth, depth >= 50, blocks, stem_channels=8, base_channels=16, stem_kernel=7)
    assert not arch.whole
    assert str(arch).startswith(f'ResNet{depth} without its last stage, 16 wide')


def test_vitdet_keeps_the_row_of_the_class_token():
    state = shapes(VisionTransformer(SIZES, img_size=20, patch_size=5, out_type='raw', final_norm=False))
    whole = backbone_arch(state)
    del state['cls_token']
    assert backbone_arch(state) == replace(whole, cls_token=False, spare_row=True)
    state['pos_embed'] = state['pos_embed'][:, 1:]
    assert backbone_arch(state) == replace(whole, cls_token=False)


@pytest.mark.parametrize('factor', [1.0, 0.75, 0.5, 0.35, 0.25, 0.1, 1.3, 1.4])
def test_mobilenet_v2(factor):
    with torch.device('meta'):
        assert backbone_arch(shapes(MobileNetV2(widen_factor=factor))) == MobileNetV2Arch(factor)


@pytest.mark.parametrize(
    ('gone', 'message'),
    [
        ('layer2.1', r'no ResNet with \(2, 1, 2, 2\) basic blocks'),
        ('layer3.0', r'no ResNet with \(2, 2, 0, 2\) basic blocks'),
        ('layer4.0', r'no ResNet with \(2, 2, 2, 0\) basic blocks'),
        ('layer3.', r'no ResNet with \(2, 2, 0, 2\) basic blocks'),
        ('conv1.', 'is no ViT, ResNet or MobileNetV2'),
        ('layer1.0.conv1.', "lacks the weight 'layer1.0.conv1.weight'"),
    ],
)
def test_part_of_a_resnet(gone, message):
    state = shapes(ResNet_CIFAR(18, stem_channels=4, base_channels=4))
    with pytest.raises(CheckpointError, match=message):
        backbone_arch({name: value for name, value in state.items() if not name.startswith(gone)})


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'pos_embed': torch.empty(1, 8, 24)}, '7 patches, which are no square'),
        ({'layers.0.ffn.gamma2.weight': torch.empty(24)}, 'layer scale .* not supported'),
        ({'layers.5.ln1.weight': torch.empty(24)}, 'blocks are not numbered'),
    ],
)
def test_variants_of_a_vit(change, message):
    state = shapes(VisionTransformer(SIZES, img_size=20, patch_size=5, out_type='raw'))
    with pytest.raises(CheckpointError, match=message):
        backbone_arch(state | change)


def test_mobilenet_of_other_widths():
    state = shapes(MobileNetV2(widen_factor=0.1))
    state['layer5.0.conv.2.conv.weight'] = torch.empty(88, 48, 1, 1)
    with pytest.raises(CheckpointError, match=r'no MobileNetV2 with .*88'):
        backbone_arch(state)
    state = {name: value for name, value in state.items() if not name.startswith('layer4.3')}
    with pytest.raises(CheckpointError, match=r'blocks in its stages, not \(1, 2, 3, 3, 3, 3, 1\)'):
        backbone_arch(state)
