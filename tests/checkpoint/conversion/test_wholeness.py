"""Weights that are missing, or of another shape, though nobody has the network to compare with."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_held
from sslrecipes.checkpoint.conversion.wholeness import refuse_gaps
from sslrecipes.errors import CheckpointError
from sslrecipes.registry import MODELS

NECK = dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8, with_bn=True)
PREDICTOR = dict(in_channels=8, hidden_channels=16, out_channels=8, with_bn=True)
SMALL = dict(depth=18, base_channels=4, stem_channels=4)
HALF = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
WIDE = dict(base_channels=8, stem_channels=8, depth=50)
BACKBONES = {
    'resnet18': dict(type='ResNet', **SMALL),
    'resnet50': dict(type='ResNet', **WIDE),
    'without conv5': dict(type='ResNet', **WIDE, **HALF),
    'resnext50': dict(type='ResNeXt', **WIDE, groups=2, width_per_group=4),
    'mobilenet': dict(type='MobileNetV2', widen_factor=0.1),
    'vit': dict(type='VisionTransformer', arch='deit-tiny', img_size=16, patch_size=8),
    'masked vit': dict(type='MaskedViT', arch='deit-tiny', img_size=16, patch_size=8),
}


def byol():
    head = dict(type='PredictionHead', predictor=PREDICTOR, distance='squared')
    model = dict(type='BYOL', backbone=dict(type='ResNet', **SMALL), neck=NECK, head=head)
    return dict(MODELS.build(model).state_dict())


@pytest.mark.parametrize('backbone', BACKBONES)
def test_whole_networks_pass_and_gaps_of_theirs_are_found(backbone):
    """Every third weight, since the deep networks repeat themselves."""
    state = {f'backbone.{name}': value for name, value in MODELS.build(BACKBONES[backbone]).state_dict().items()}
    refuse_gaps(state)
    for name in [*state][::3]:
        if name in ('backbone.cls_token', 'backbone.pos_embed'):  # a network may lack them
            continue
        with pytest.raises(CheckpointError, match='its network is not whole'):
            refuse_gaps({key: value for key, value in state.items() if key != name})


def test_whole_methods_pass():
    refuse_gaps(byol(), biases='all')
    refuse_gaps(byol() | {'head.queue': torch.zeros(2, 100, 8)})  # SwAV's, which has no pointer


@pytest.mark.parametrize(
    'name',
    [
        'backbone.conv1.weight',
        'backbone.bn1.running_var',
        'backbone.layer3.1.conv2.weight',
        'backbone.layer2.0.downsample.0.weight',
        'backbone.layer1.0.bn1.bias',
        'neck.mlp.0.weight',
        'neck.mlp.0.bias',
        'neck.mlp.1.running_mean',
        'teacher.neck.mlp.3.weight',
        'teacher.backbone.layer4.1.bn2.weight',
        'head.predictor.mlp.3.bias',
    ],
)
def test_what_is_missing_is_named(name):
    state = byol()
    del state[name]
    with pytest.raises(CheckpointError, match=rf'its network is not whole: .*{name} is missing'):
        refuse_gaps(state, biases='all')


@pytest.mark.parametrize(
    ('parts', 'name'),
    [
        ('backbone.layer2.0.', r'layer2\.0\.conv1\.weight'),
        ('backbone.layer3.0.downsample.', r'layer3\.0\.downsample\.0\.weight'),
        ('backbone.layer4.1.bn2.', r'layer4\.1\.bn2\.weight'),
        ('backbone.bn1.', r'backbone\.bn1\.weight'),
    ],
)
def test_parts_that_are_missing_are_noticed_without_a_follower(parts, name):
    state = {key: value for key, value in byol().items() if key.startswith('backbone.') and not key.startswith(parts)}
    with pytest.raises(CheckpointError, match=f'{name} is missing'):
        refuse_gaps(state)


def test_nothing_is_written_of_a_network_that_is_not_whole(tmp_path):
    state = {name: value for name, value in byol().items() if name.startswith(('backbone.', 'neck.'))}
    del state['backbone.layer3.1.conv2.weight']
    with pytest.raises(CheckpointError, match=r'a\.pth": its network is not whole'):
        convert_held(dict(state_dict=state), 'a.pth', tmp_path / 'b.pth', to='s3l-byol', family='ours')
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('place', ['head.where', 'momentum_encoder.where'])
def test_a_classifier_of_places_has_a_bias(place):
    """The other linear layers of W2SSL have none."""
    with pytest.raises(CheckpointError, match=f'{place}.bias is missing'):
        refuse_gaps({f'{place}.weight': torch.zeros(2, 8)}, 'none')
