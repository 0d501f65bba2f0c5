"""Files of MoCo v3's ViTs: names, the network that is meant, and the heads, which their names alone tell."""

import pytest
import torch
from mmpretrain.models import VisionTransformer

from sslrecipes.checkpoint.conversion.convert import convert_file, read_weights
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.keymaps.plain import PLAIN
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.errors import CheckpointError
from sslrecipes.export.backbone import read_backbone
from sslrecipes.export.source import Source
from sslrecipes.models.backbones.mocov3_vit import MoCoV3ViT

HEADS = 12


def vit(heads=HEADS):
    sizes = dict(embed_dims=24, num_layers=2, num_heads=heads, feedforward_channels=48)
    return VisionTransformer(sizes, img_size=32, out_type='raw')


@pytest.fixture
def official(tmp_path):
    """A file of ``vit_small``, with a narrower network, and its weights."""
    body = {f'backbone.{name}': value for name, value in vit().state_dict().items()}
    names = PLAIN.to_official(body)
    layers = {0: (8, 24), 3: (8, 8), 6: (4, 8)}
    projection = {f'head.{i}.weight': torch.rand(shape) for i, shape in layers.items()}
    state = {
        f'module.{encoder}.{name}': value + i
        for i, encoder in enumerate(('base_encoder', 'momentum_encoder'))
        for name, value in {**names, **projection}.items()
    }
    state |= {f'module.predictor.{i}.weight': torch.rand(4, 4) for i in (0, 3)}
    save_torch(tmp_path / 'vit.pth.tar', {'epoch': 300, 'arch': 'vit_small', 'state_dict': state, 'scaler': {}})
    return tmp_path / 'vit.pth.tar', state


def test_there_and_back(official, tmp_path):
    file, state = official
    assert convert_file(file, tmp_path / 'ours.pth', to='ours') == []
    ours = read_checkpoint(tmp_path / 'ours.pth')['state_dict']
    assert detect_family(ours) is None
    assert {name.split('.')[0] for name in ours} == {'backbone', 'neck', 'head', 'momentum_encoder'}
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to='moco-v3-vit') == []
    back = read_checkpoint(tmp_path / 'back.pth')['state_dict']
    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)
    with pytest.raises(CheckpointError, match=r'unknown to family "moco-v3": backbone\.cls_token'):
        convert_file(tmp_path / 'ours.pth', tmp_path / 'x.pth', to='moco-v3')


@pytest.mark.parametrize('network', ['base_encoder', 'momentum_encoder'])
def test_either_encoder_can_be_taken(official, network):
    file, state = official
    taken = read_weights(file, network)
    assert torch.equal(taken['backbone.cls_token'], state[f'module.{network}.cls_token'])
    assert torch.equal(taken['neck.mlp.0.weight'], state[f'module.{network}.head.0.weight'])


@pytest.mark.parametrize('suffix', [None, '.pth', '.safetensors', '.pth.tar'])
def test_heads_are_told_by_the_file_and_by_what_is_made_of_it(official, tmp_path, suffix):
    file, state = official
    if suffix:
        converted = tmp_path / f'ours{suffix}'
        convert_file(file, converted, to='ours')
        file = converted
    if suffix == '.pth.tar':  # and back
        convert_file(converted, file := tmp_path / 'official.pth.tar', to='moco-v3-vit')
    for part in ('student', 'teacher'):
        assert read_network(file, part).facts.heads == HEADS
    target = vit()
    load_pretrained(target, file, prefix='backbone.')
    assert torch.equal(target.cls_token, state['module.base_encoder.cls_token'])
    with pytest.raises(CheckpointError, match='it was trained with 12 heads, the model has 6'):
        load_pretrained(vit(heads=6), file, prefix='backbone.')
    assert Source.of(read_backbone(file)).heads == HEADS


def test_other_networks_that_are_named_tell_nothing(tmp_path):
    state = {f'module.base_encoder.{name}.weight': torch.ones(1) for name in ('conv1', 'fc.0')}
    save_torch(tmp_path / 'resnet.pth.tar', {'arch': 'resnet50', 'state_dict': state})
    assert read_network(tmp_path / 'resnet.pth.tar').facts.heads == 0


def test_a_stem_of_convolutions(tmp_path):
    """It goes there and back, but to no other program."""
    sizes = dict(embed_dims=24, num_layers=1, num_heads=HEADS, feedforward_channels=48)
    network = MoCoV3ViT(sizes, img_size=32, conv_stem=True)
    ours = {f'backbone.{name}': value for name, value in network.state_dict().items()}
    ours |= {f'neck.mlp.{i}.weight': torch.rand(4, 4) for i in (0, 3, 6)}
    official = {f'module.{name}': value for name, value in KEYMAPS['moco-v3-vit'].to_official(ours).items()}
    assert 'module.base_encoder.patch_embed.proj.12.bias' in official
    save_torch(tmp_path / 'conv.pth.tar', {'arch': 'vit_conv_small', 'state_dict': official})
    target = MoCoV3ViT(sizes, img_size=32, conv_stem=True)
    load_pretrained(target, tmp_path / 'conv.pth.tar', prefix='backbone.')
    assert all(torch.equal(value, target.state_dict()[name]) for name, value in network.state_dict().items())
    with pytest.raises(CheckpointError, match='a ViT with a stem of convolutions, which'):
        Source.of(read_backbone(tmp_path / 'conv.pth.tar'))
