"""Networks under the names of torchvision, SSLight and DINO compute in ours what they compute in theirs."""

import pytest
import torch
from torchvision import models as torchvision_models

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.keymaps.plain import PLAIN
from sslrecipes.checkpoint.conversion.layouts import unwrap, wrap
from sslrecipes.registry import MODELS

RESNETS = {
    name: dict(type='ResNet', depth=int(name[6:]), zero_init_residual=False) for name in ('resnet18', 'resnet50')
}
NETWORKS = {**RESNETS, 'mobilenet_v2': dict(type='MobileNetV2')}
#: Places of SSLight's ``encoder`` among torchvision's parts of a ResNet without pooling and classifier
SEQUENCE = ('conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'layer3', 'layer4')


def same(first, second):
    """Whether two states have the same names, in order, and the tensors share their memory."""
    return list(first) == list(second) and all(at(first[name]) == at(second[name]) for name in first)


def at(value):
    return (value.data_ptr(), value.shape) if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize('name', NETWORKS)
def test_torchvision_computes_the_same(name):
    network = getattr(torchvision_models, name)()
    for buffer in network.buffers():
        buffer.copy_(torch.rand(buffer.shape) + 0.5)
    is_mobile = name == 'mobilenet_v2'
    encoder = network.features if is_mobile else torch.nn.Sequential(*(getattr(network, part) for part in SEQUENCE))
    sslight = {f'student.backbone.encoder.{key}': value for key, value in encoder.state_dict().items()}
    ours = KEYMAPS['sslight-dino'].to_ours(sslight)
    plain = {key: value for key, value in network.state_dict().items() if not key.startswith(('fc.', 'classifier.'))}
    assert same(PLAIN.to_ours(plain), ours)
    assert same(PLAIN.to_official(ours), plain)
    backbone = MODELS.build(NETWORKS[name])
    backbone.load_state_dict({key.removeprefix('backbone.'): value for key, value in ours.items()})
    images = torch.randn(2, 3, 64, 64)
    backbone.eval()
    encoder.eval()
    with torch.no_grad():
        torch.testing.assert_close(backbone(images)[-1], encoder(images))


NECKS = {
    'sslight-dino': ('student.head.', '', dict(type='DINONeck', bottleneck_channels=3)),
    'dino': ('teacher.head.', 'teacher.', dict(type='DINONeck', bottleneck_channels=3)),
    'sslight-swav': ('network.head.projection.', '', dict(type='SwAVNeck', num_prototypes=4)),
    'sslight-moco': ('encoder_k.head.', 'momentum_encoder.', dict(type='MoCoNeck')),
}


@pytest.mark.parametrize('num_layers', [1, 2, 4])
@pytest.mark.parametrize('family', NECKS)
def test_projections_of_any_depth(family, num_layers):
    official, ours, cfg = NECKS[family]
    sizes = dict(in_channels=6, hidden_channels=5, out_channels=3, num_layers=num_layers, with_bn=num_layers > 2)
    state = MODELS.build(cfg | sizes).mlp.state_dict()
    renamed = KEYMAPS[family].to_ours({f'{official}mlp.{name}': value for name, value in state.items()})
    assert same(renamed, {f'{ours}neck.mlp.{name}': value for name, value in state.items()})
    assert [name.removeprefix(f'{official}mlp.') for name in KEYMAPS[family].to_official(renamed)] == list(state)


@pytest.mark.parametrize('head', [['fc.weight', 'fc.bias'], ['fc.0.weight', 'fc.0.bias', 'fc.2.weight', 'fc.2.bias']])
def test_moco_of_facebookresearch(head):
    bare = [name for name in torchvision_models.resnet50().state_dict() if not name.startswith('fc.')]
    networks = [f'{network}.{name}' for network in ('encoder_q', 'encoder_k') for name in (*bare, *head)]
    official = {f'module.{name}': torch.ones(1) for name in (*networks, 'queue', 'queue_ptr')}
    state = unwrap({'state_dict': official, 'arch': 'resnet50'})[0]
    ours = KEYMAPS['moco'].to_ours(state)
    assert ours['backbone.conv1.weight'] is official['module.encoder_q.conv1.weight']
    assert ours['momentum_encoder.backbone.layer4.2.bn3.bias'] is official['module.encoder_k.layer4.2.bn3.bias']
    assert same(wrap(KEYMAPS['moco'].to_official(ours), 'moco')['state_dict'], official)


@pytest.mark.parametrize('name', ['resnet18', 'mobilenet_v2'])
def test_classifiers_of_torchvision_stay_behind(name):
    state = getattr(torchvision_models, name)().state_dict()
    ours = KEYMAPS['torchvision'].to_ours(state)
    kept = {key: value for key, value in state.items() if not key.startswith(('fc.', 'classifier.'))}
    assert all(key.startswith('backbone.') for key in ours)
    assert same(wrap(KEYMAPS['torchvision'].to_official(ours), 'torchvision'), kept)


def test_resnet_of_dino():
    state = torchvision_models.resnet50().state_dict()
    bare = {name: value for name, value in state.items() if not name.startswith('fc.')}
    ours = KEYMAPS['dino'].to_ours(bare)
    assert same(ours, {f'backbone.{name}': value for name, value in bare.items()})
    official = KEYMAPS['dino'].to_official(ours | {'teacher.backbone.bn1.bias': 1, 'probe.bias': 2})
    student = {f'student.backbone.{name}': value for name, value in bare.items()}
    assert same(official, student | {'teacher.backbone.bn1.bias': 1})


def test_vit_of_dino(official):
    bare = official('sslight/vit_crops')
    ours = KEYMAPS['dino'].to_ours(bare)
    assert same(ours, KEYMAPS['sslight-dino'].to_ours({f'student.backbone.{name}': bare[name] for name in bare}))
    assert same(ours, KEYMAPS['ibot'].to_ours(bare))
