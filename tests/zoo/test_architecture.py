import pytest

from sslrecipes.zoo.architecture import architecture

MOCO_SMALL = dict(embed_dims=384, num_layers=12, num_heads=12, feedforward_channels=1536)
GIANT = dict(embed_dims=1664, num_layers=48, num_heads=16, feedforward_channels=6656)


@pytest.mark.parametrize(
    ('backbone', 'name'),
    [
        (dict(type='ResNet', depth=18), 'resnet18'),
        (dict(type='MobileNetV2', widen_factor=1.0), 'mobilenetv2'),
        (dict(type='MobileNetV2', widen_factor=0.5), 'mobilenetv2-x0.5'),
        (dict(type='mmpretrain.ResNet', depth=34), 'resnet34'),
        (dict(type='mmpretrain.MobileNetV2', out_indices=(4, 7)), 'mobilenetv2'),
        (dict(type='sslrecipes.ViTDet', arch='large'), 'vit-large'),
        (dict(type='DINOViT', arch='deit-tiny'), 'vit-tiny'),
        (dict(type='MaskedViT', arch='b'), 'vit-base'),
        (dict(type='TECFineTuneViT', arch='l'), 'vit-large'),
        (dict(type='VisionTransformer', arch='base'), 'vit-base'),
        (dict(type='MAEPrivViT', arch='deit-small'), 'vit-small'),
        (dict(type='MAEPrivFineTuneViT', arch='h'), 'vit-huge'),
        (dict(type='MAEPrivViT', arch=GIANT), 'vit-giant'),
        (dict(type='MoCoV3ViT', arch=MOCO_SMALL), 'vit-small-12-heads'),
        (dict(type='MoCoV3ViT', arch={**MOCO_SMALL, 'num_layers': 11}, conv_stem=True), 'vit-conv-small'),
        (dict(type='MAEPrivViT', arch={**GIANT, 'num_layers': 40}), {**GIANT, 'num_layers': 40}),
        (dict(type='SwinTransformer', arch='b'), 'b'),
        (dict(type='SwinTransformer', arch=GIANT), GIANT),
        (dict(type='MaskedViT', arch=dict(embed_dims=16)), dict(embed_dims=16)),
        (dict(type='Mine'), None),
    ],
)
def test_backbones_have_the_names_of_papers(backbone, name):
    assert architecture(backbone) == name
