"""Names of official S3L checkpoints: what they are under ours and detectron2's, and complete files there and back."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights
from sslrecipes.checkpoint.conversion.families import detect_family
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network

CASE = pytest.mark.golden('s3l/checkpoint_keys')

#: What the official loaders make of a file: its family, our name of the network that they take, and which one it is
LOADERS = {
    'moco_checkpoint_main': ('moco', 'backbone.', 'query'),
    'moco_checkpoint_cub_benchmark': ('moco', 'momentum_encoder.backbone.', 'key'),
    'byol_checkpoint_main': ('s3l-byol', 'backbone.', 'online'),
    'dataparallel_finetune_checkpoint_main': ('s3l-classifier', 'backbone.', 'student'),
}
OTHERS = {'byol_all_keys_non_backbone', 'moco_non_encoder_q_backbone_examples', 'resnet50_to_detectron2'}


def numbered(names):
    """A weight for each name, no two alike."""
    return {name: torch.full((2, 2), float(i)) for i, name in enumerate(names)}


def without_ddp(state):
    return {name.removeprefix('module.'): value for name, value in state.items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@CASE
def test_every_mapping_is_known(case):
    assert set(case.meta['mappings']) == {*LOADERS, *OTHERS}
    for name, count in case.meta['counts'].items():
        assert len(case.meta['mappings'][name]) == count


@CASE
@pytest.mark.parametrize('loader', LOADERS)
def test_names_mean_what_the_official_loaders_make_of_them(case, loader):
    family, prefix, _ = LOADERS[loader]
    state = without_ddp(case.meta['mappings'][loader])
    ours = KEYMAPS[family].to_ours(state)
    assert ours == {f'{prefix}{plain}': plain for plain in state.values()}
    assert KEYMAPS[family].to_official(ours) == state


@CASE
@pytest.mark.parametrize('loader', LOADERS)
def test_backbones_are_read_as_the_official_loaders_do(case, loader, tmp_path):
    family, _, part = LOADERS[loader]
    own = case.meta['mappings'][loader]
    together = [name for name, (other, _, _) in LOADERS.items() if other == family]
    held = numbered(official for name in together for official in case.meta['mappings'][name])
    save_torch(tmp_path / 'official.pth', {'state_dict': held, 'epoch': 3, 'arch': 'resnet', 'best_acc1': 0.5})
    assert same(read_network(tmp_path / 'official.pth', part).weights, {own[name]: held[name] for name in own})


@CASE
def test_names_in_detectron2(case):
    mapping = case.meta['mappings']['resnet50_to_detectron2']
    expected = {official: name for official, name in mapping.items() if not name.startswith('stem.fc.')}
    assert set(KEYMAPS['detectron2'].without_counterpart(mapping.values())) == {*mapping.values()} - {
        *expected.values()
    }
    ours = KEYMAPS['moco'].to_ours(without_ddp(expected))
    assert KEYMAPS['detectron2'].to_official(ours) == {name: name for name in expected.values()}
    assert KEYMAPS['detectron2'].to_ours({name: name for name in mapping.values()}) == ours


@CASE
def test_moco_there_and_back(case, tmp_path):
    mappings = case.meta['mappings']
    query = [*mappings['moco_checkpoint_main'], *mappings['moco_non_encoder_q_backbone_examples']]
    key = [name.replace('encoder_q', 'encoder_k') for name in query if 'encoder_q' in name]
    state = numbered(dict.fromkeys([*query, *key, *mappings['moco_checkpoint_cub_benchmark']]))
    assert there_and_back(tmp_path, state, 'moco', []) == 'moco'
    of_key = our_weights({'state_dict': state}, 'it', 'encoder_k')
    assert {f'backbone.{plain}' for plain in mappings['moco_checkpoint_cub_benchmark'].values()} <= set(of_key)
    assert any(name.startswith('neck.mlp.') for name in of_key)


@CASE
def test_byol_there_and_back(case, tmp_path):
    """Files hold the online encoder, with a classifier that has no part in anything."""
    mappings = case.meta['mappings']
    state = numbered([*mappings['byol_checkpoint_main'], *mappings['byol_all_keys_non_backbone']])
    classifier = {f'encoder_q.fc.{leaf}': torch.ones(2) for leaf in ('weight', 'bias')}
    assert there_and_back(tmp_path, state, 's3l-byol', classifier) == 's3l-byol'


@CASE
def test_fine_tuned_there_and_back(case, tmp_path):
    state = numbered(
        [*case.meta['mappings']['dataparallel_finetune_checkpoint_main'], 'module.fc.weight', 'module.fc.bias']
    )
    assert there_and_back(tmp_path, state, 's3l-classifier', []) is None
    ours = read_checkpoint(tmp_path / 'ours.pth')['state_dict']
    assert torch.equal(ours['head.fc.bias'], state['module.fc.bias'])


def there_and_back(folder, state, family, classifier):
    """Convert a file to ours, without its classifier, and back; give the family that it is taken for."""
    held = {'epoch': 3, 'arch': 'resnet', 'state_dict': {**state, **dict(classifier)}, 'optimizer': {'state': {}}}
    save_torch(folder / 'official.pth', held)
    said = {} if detect_family(without_ddp(state)) else {'family': family}
    assert convert_file(folder / 'official.pth', folder / 'ours.pth', to='ours', **said) == list(classifier)
    assert convert_file(folder / 'ours.pth', folder / 'back.pth', to=family) == []
    assert same(read_checkpoint(folder / 'back.pth')['state_dict'], state)
    return detect_family(without_ddp(state))
