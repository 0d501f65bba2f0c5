"""Names of an official W2SSL checkpoint: what they are under ours, torchvision's and detectron2's, there and back."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network

CASE = pytest.mark.golden('w2ssl/checkpoint_keys')


def bare(name):
    return name.removeprefix('module.')


def column(case, kind):
    """What the names become, by the official ones; without those that are dropped."""
    return {bare(row['key']): row[kind] for row in case.meta['mapping'] if row[kind] is not None}


def whole(case):
    """Numbered weights of a complete file: the case leaves out the blocks of the momentum encoder."""
    names = [row['key'] for row in case.meta['mapping']]
    followers = [name.replace('base_', 'momentum_') for name in names if 'base_encoder' in name]
    return {name: torch.full((2, 2), float(i)) for i, name in enumerate(dict.fromkeys([*names, *followers]))}


def with_all_blocks(state):
    """The case names some blocks of the 16 only; the others have the names of the last one, and of a first one."""
    block, shortcut = 'module.base_encoder.layer4.2.', 'module.base_encoder.layer1.0.downsample.'
    inner = [name.removeprefix(block) for name in state if name.startswith(block)]
    inner_first = [
        *inner,
        *(f'downsample.{name.removeprefix(shortcut)}' for name in state if name.startswith(shortcut)),
    ]
    names = [
        f'module.{network}.layer{stage}.{number}.{name}'
        for network in ('base_encoder', 'momentum_encoder')
        for stage, length in enumerate((3, 4, 6, 3), start=1)
        for number in range(length)
        for name in (inner if number else inner_first)
    ]
    return {**{name: torch.full((2, 2), -float(i)) for i, name in enumerate(names)}, **state}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@CASE
def test_the_trunk_has_our_names_and_torchvisions(case):
    ours = KEYMAPS['w2ssl'].to_ours(column(case, 'mmpretrain'))
    assert ours == {name: name for name in ours}
    plain = KEYMAPS['w2ssl'].to_ours(column(case, 'plain'))
    assert KEYMAPS['torchvision'].to_official(plain) == {name: name for name in plain.values()}


@CASE
def test_names_in_detectron2(case):
    trunk = {name: new for name, new in column(case, 'detectron2_moco_style').items() if '.fc_' not in name}
    ours = KEYMAPS['w2ssl'].to_ours(trunk)
    assert KEYMAPS['detectron2'].to_official(ours) == {name: name for name in trunk.values()}
    for kind in ('detectron2', 'detectron2_moco_style'):
        converted = {new: official for official, new in column(case, kind).items()}
        assert detect_family(converted) == 'detectron2'
        assert KEYMAPS['detectron2'].to_ours(converted) == {
            our: official for official, our in zip(trunk, ours, strict=True)
        }
        dropped = {*converted} - {new for new in converted if converted[new] in trunk}
        assert set(KEYMAPS['detectron2'].without_counterpart(converted)) == dropped


@CASE
def test_complete_files_there_and_back(case, tmp_path):
    state = with_all_blocks(whole(case))
    save_torch(tmp_path / 'official.pth', {'epoch': 200, 'arch': 'resnet50', 'state_dict': state, 'scaler': {}})
    assert detect_family({bare(name): value for name, value in state.items()}) == 'w2ssl'
    assert convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours') == []
    ours = read_checkpoint(tmp_path / 'ours.pth')['state_dict']
    assert len(ours) == len(state)
    assert {name.split('.')[0] for name in ours} == {'backbone', 'neck', 'head', 'momentum_encoder'}
    assert detect_family(ours) is None
    assert convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to='w2ssl') == []
    assert same(read_checkpoint(tmp_path / 'back.pth')['state_dict'], state)


@CASE
def test_either_encoder_is_read_as_the_official_loader_does(case, tmp_path):
    state = whole(case)
    save_torch(tmp_path / 'official.pth', {'state_dict': state})
    plain = column(case, 'plain')
    for part, network in {'student': 'base_encoder', 'teacher': 'momentum_encoder'}.items():
        names = {name.replace('base_encoder', network): new for name, new in plain.items()}
        wanted = {new: state[f'module.{name}'] for name, new in names.items()}
        assert same(read_network(tmp_path / 'official.pth', part).weights, wanted)
        taken = our_weights({'state_dict': state}, 'it', network)
        assert same({n.removeprefix('backbone.'): v for n, v in taken.items() if n.startswith('backbone.')}, wanted)
