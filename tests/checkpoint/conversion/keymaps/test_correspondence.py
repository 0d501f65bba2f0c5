"""Files of DenseCL and Barlow Twins: there and back, with what official files hold beyond our weights."""

import pytest
import torch
from mmpretrain.models import ResNet
from torch import nn

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network
from sslrecipes.errors import CheckpointError
from sslrecipes.registry import MODELS

WIDTH = 64


def resnet(seed):
    torch.manual_seed(seed)
    return ResNet(depth=18, stem_channels=8, base_channels=8).state_dict()


def densecl():
    def network(seed):
        torch.manual_seed(seed)
        mlp = nn.Sequential(nn.Linear(WIDTH, 8), nn.ReLU(), nn.Linear(8, 4))
        mlp2 = nn.Sequential(nn.Conv2d(WIDTH, 8, 1), nn.ReLU(), nn.Conv2d(8, 4, 1))
        neck = {
            **{f'mlp.{k}': v for k, v in mlp.state_dict().items()},
            **{f'mlp2.{k}': v for k, v in mlp2.state_dict().items()},
        }
        return {**{f'0.{k}': v for k, v in resnet(seed).items()}, **{f'1.{k}': v for k, v in neck.items()}}

    queues = {name: torch.rand(4, 8) for name in ('queue', 'queue2')}
    pointers = {f'{name}_ptr': torch.full((1,), 3) for name in queues}
    networks = {
        f'{name}.{k}': v for seed, name in enumerate(('encoder_q', 'encoder_k')) for k, v in network(seed).items()
    }
    return {**networks, **{f'backbone.{k}': v for k, v in resnet(0).items()}, **queues, **pointers}


def barlow_twins():
    torch.manual_seed(0)
    layers = [nn.Linear(WIDTH, 8, False), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 6, False)]
    parts = {'backbone': resnet(0), 'projector': nn.Sequential(*layers).state_dict()}
    state = {f'{part}.{k}': v for part, of_part in parts.items() for k, v in of_part.items()}
    return state | {f'bn.{k}': v for k, v in nn.BatchNorm1d(6, affine=False).state_dict().items()}


FILES = {
    'densecl': (densecl, lambda state: {'state_dict': state, 'meta': {}}),
    'barlow-twins': (barlow_twins, lambda state: {'epoch': 3, 'model': {f'module.{k}': v for k, v in state.items()}}),
}
LEFT_OUT = {'densecl': ('backbone.', 'queue2_ptr'), 'barlow-twins': ('bn.',)}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(params=FILES)
def family(request):
    return request.param


@pytest.fixture
def official(family, tmp_path):
    build, wrap = FILES[family]
    state = build()
    save_torch(tmp_path / 'official.pth', wrap(state))
    return tmp_path / 'official.pth', state


def test_there_and_back(family, official, tmp_path):
    file, state = official
    assert detect_family(state) == detect_family(state, to_convert=True) == family
    left_out = convert_file(file, tmp_path / 'ours.pth', to='ours')
    assert left_out == [name for name in state if name.startswith(LEFT_OUT[family])]
    ours = read_checkpoint(tmp_path / 'ours.pth')['state_dict']
    assert len(ours) == len(state) - len(left_out)
    assert {name.split('.')[0] for name in ours} <= {'backbone', 'neck', 'head', 'momentum_encoder'}
    assert detect_family(ours, to_convert=True) is None
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to=family) == []
    back = read_checkpoint(tmp_path / 'back.pth')
    assert family == 'densecl' or all(name.startswith('module.') for name in back['model'])
    held = (
        back['state_dict'] if family == 'densecl' else {k.removeprefix('module.'): v for k, v in back['model'].items()}
    )
    assert same(held, state)


@pytest.mark.parametrize('layer', ['mlp.0', 'mlp.2'])
def test_a_file_of_densecl_without_a_bias_is_not_whole(layer, tmp_path):
    state = {name: value for name, value in densecl().items() if f'1.{layer}.bias' not in name}
    save_torch(tmp_path / 'official.pth', {'state_dict': state})
    with pytest.raises(CheckpointError, match=rf'not whole: neck\.{layer}\.bias'):
        convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours')


def test_no_other_family_takes_them(family, official):
    _, state = official
    ours = KEYMAPS[family].to_ours(state)
    for other in {*KEYMAPS} - {family}:
        assert not KEYMAPS[other].knows(state) or same(KEYMAPS[other].to_ours(state), ours), other


def test_backbones_are_read(family, official):
    file, _ = official
    assert same(read_network(file).weights, resnet(0))
    if family == 'densecl':
        assert same(read_network(file, 'teacher').weights, resnet(1))
    else:
        with pytest.raises(CheckpointError, match='it holds no teacher'):
            read_network(file, 'teacher')


#: Our methods with the sizes of the files
OURS = {
    'densecl': dict(
        type='DenseCL',
        neck=dict(type='DenseCLNeck', in_channels=WIDTH, hidden_channels=8, out_channels=4),
        head=dict(type='DenseCLHead', feat_channels=4, queue_length=8),
    ),
    'barlow-twins': dict(
        type='BarlowTwins',
        neck=dict(
            type='MLPNeck',
            in_channels=WIDTH,
            hidden_channels=8,
            out_channels=6,
            with_bn=True,
            bias=False,
            last_bias=False,
        ),
        head=dict(type='CrossCorrelationHead'),
    ),
}


def test_our_methods_are_filled_whole(family, official):
    _, state = official
    backbone = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
    ours = MODELS.build(dict(OURS[family], backbone=backbone))
    ours.load_state_dict(KEYMAPS[family].to_ours(state))
    assert same(ours.backbone.state_dict(), resnet(0))


@pytest.mark.parametrize('extra', [{'fc.weight': torch.ones(1)}, {}])
def test_released_backbones_have_our_names(tmp_path, extra):
    save_torch(tmp_path / 'backbone.pth', {'state_dict': {**resnet(0), **extra}, 'author': 'DenseCL'})
    assert resnet(0).keys() <= read_network(tmp_path / 'backbone.pth').weights.keys()


@pytest.mark.parametrize('to', ['torchvision', 'detectron2'])
def test_backbones_alone_go_to_other_programs(official, tmp_path, to):
    file, _ = official
    convert_file(file, tmp_path / 'ours.pth', to='ours')
    ours = read_checkpoint(tmp_path / 'ours.pth')['state_dict']
    left_out = convert_file(tmp_path / 'ours.pth', tmp_path / 'out.pth', to=to)
    assert left_out == [name for name in ours if not name.startswith('backbone.')]
    assert same(read_network(tmp_path / 'out.pth').weights, resnet(0))


def test_what_a_family_does_not_have_is_refused(tmp_path):
    state = our_weights({'state_dict': densecl()}, 'it')
    save_torch(tmp_path / 'ours.pth', {'state_dict': state})
    for to in ('moco', 'barlow-twins', 'moco-v3', 'w2ssl'):
        with pytest.raises(CheckpointError, match=f'unknown to family "{to}"'):
            convert_file(tmp_path / 'ours.pth', tmp_path / 'x.pth', to=to)


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        ({'projector.3.weight': None}, 'the last layer of its projection is missing'),
        ({'projector.3.weight': torch.ones(7, 8)}, r'projector\.3\.weight is of \(7, 8\), bn\.running_mean of \(6,\)'),
    ],
)
def test_the_end_of_barlow_twins_projection_is_missed(change, sentence):
    """No norm, no follower and no other layer is beside it."""
    state = {name: value for name, value in {**barlow_twins(), **change}.items() if value is not None}
    with pytest.raises(CheckpointError, match=f'"it": its network is not whole: {sentence}'):
        our_weights({'state_dict': state}, 'it')


def test_barlow_twins_without_the_end_of_the_projection_is_not_written():
    ours = KEYMAPS['barlow-twins'].to_ours(barlow_twins())
    del ours['neck.mlp.3.weight']
    with pytest.raises(CheckpointError, match='the last layer of its projection is missing'):
        KEYMAPS['barlow-twins'].to_official(ours)


@pytest.mark.parametrize(
    ('queue', 'sentence'), [(None, 'is missing'), (torch.rand(4, 6), r'is of \(4, 6\), head\.queue')]
)
def test_densecl_has_two_queues_alike(tmp_path, queue, sentence):
    state = {name: value for name, value in {**densecl(), 'queue2': queue}.items() if value is not None}
    save_torch(tmp_path / 'official.pth', state)
    with pytest.raises(CheckpointError, match=rf'its network is not whole: head\.queue2 {sentence}'):
        convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours')
