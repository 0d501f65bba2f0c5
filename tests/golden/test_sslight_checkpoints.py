"""Names of official SSLight checkpoints: what they are under ours, and complete files there and back."""

import re

import pytest
import torch
from mmengine.registry import init_default_scope

from sslrecipes.checkpoint.conversion.convert import convert_file, our_weights
from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.keymaps.plain import PLAIN
from sslrecipes.checkpoint.conversion.keymaps.sslight import dino, moco, swav
from sslrecipes.checkpoint.conversion.layouts import unwrap, wrap
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.registry import MODELS

#: Layers of the official semi-supervised classifier by our names of the projection that it comes from
CLASSIFIER = {'fc1': 'neck.mlp.0', 'bn1': 'neck.mlp.1', 'fc2': 'neck.mlp.3', 'bn2': 'neck.mlp.4', 'fc3': 'neck.mlp.6'}
TABLES = {'dino': dino, 'swav': swav, 'moco': moco}


def recipe_of(name, sslight_recipe):
    """Method and config of a name such as 'dino_mobilenet_v2_semi'."""
    method, arch = re.fullmatch(r'([a-z]+)_(\w+?)(?:_semi)?', name).groups()
    assert method in TABLES
    return method, sslight_recipe(method, arch)


def plain_to_ours(name):
    """Our name of a parameter that the official evaluation calls ``name``."""
    if layer := re.fullmatch(r'\w+\.((?:fc|bn)\d)\.(\w+)', name):
        return f'{CLASSIFIER[layer[1]]}.{layer[2]}'
    (ours,) = PLAIN.to_ours({name: None})
    return ours


@pytest.mark.golden('sslight/checkpoint_keys')
def test_names_mean_what_the_official_loaders_make_of_them(case, sslight_recipe):
    init_default_scope('sslrecipes')
    for name, expected in case.meta['mappings'].items():
        assert set(expected) == {'n_mapped', 'missing_in_model', 'shape_conflicts', 'mapping'}
        assert not expected['shape_conflicts']
        method, cfg = recipe_of(name, sslight_recipe)
        state = {official.removeprefix('module.'): plain for official, plain in expected['mapping'].items()}
        ours = KEYMAPS[f'sslight-{method}'].to_ours(state)
        assert list(ours) == [plain_to_ours(plain) for plain in ours.values()], name
        assert len(ours) == expected['n_mapped'], name
        backbone = [key.removeprefix('backbone.') for key in ours if key.startswith('backbone.')]
        assert backbone == list(MODELS.build(cfg.model.backbone).state_dict()), name


@pytest.mark.golden('sslight/checkpoint_keys')
def test_complete_checkpoints(case, sslight_recipe):
    init_default_scope('sslrecipes')
    for name, expected in case.meta['all_official_keys'].items():
        method, cfg = recipe_of(name, sslight_recipe)
        official = {'state_dict': {key: torch.empty(shape, device='meta') for key, shape in expected.items()}}
        if method == 'dino':
            official['loss'] = {'center': torch.empty(1, cfg.model.head.out_channels, device='meta')}
        ours = our_weights(official, name)
        model = MODELS.build(cfg.model).state_dict()
        only_ours = {key for key in model if key.startswith('head.')} if method == 'swav' else set()
        assert set(ours) == set(model) - only_ours, name
        assert all(value.shape == model[key].shape for key, value in ours.items()), name


@pytest.mark.golden('sslight/architectures')
def test_models_there_and_back(case, sslight_recipe):
    """Official loaders go by the order of the names within a network, which must be theirs."""
    init_default_scope('sslrecipes')
    for name, expected in case.meta['models'].items():
        method = expected['method'].lower()
        family, ours = f'sslight-{method}', MODELS.build(sslight_recipe(method, expected['arch']).model).state_dict()
        official = wrap(KEYMAPS[family].to_official(ours), family)
        assert set(official) == ({'state_dict', 'loss'} if method == 'dino' else {'state_dict'})
        back = our_weights({**official, 'epoch': 200, 'steps': 1, 'optimizer': {}}, name)
        kept = {key: value for key, value in ours.items() if method != 'swav' or not key.startswith('head.')}
        assert back.keys() == kept.keys(), name
        assert all(back[key] is value for key, value in kept.items()), name
        if 'backbone_keys' in expected:
            networks = {}
            for key in official['state_dict']:
                network, is_backbone, rest = key.partition('.backbone.')
                networks.setdefault(network, []).extend([rest] if is_backbone else [])
            orders = [order for order in networks.values() if order]
            assert orders == [list(expected['backbone_keys'])] * len(orders), name


@pytest.mark.golden('sslight/dino_train', 'sslight/dino_train_adamw', 'sslight/swav_train', 'sslight/moco_train')
def test_files_of_trainings_there_and_back(case, tmp_path, monkeypatch):
    """Weights that were trained officially, on a backbone of the cases' own."""
    method = case.hyper['method'].lower()
    family, stand_in = f'sslight-{method}', ('encoder.{i}.', 'backbone.encoder.{i}.')
    monkeypatch.setitem(KEYMAPS, family, TABLES[method]((stand_in,)))
    state = {f'module.{name}': value for name, value in case.part('state/').items()}
    official = {'config': {}, 'epoch': 1, 'steps': 2, 'state_dict': state, 'optimizer': {}}
    if method == 'dino':
        official['loss'] = {'center': torch.rand(1, len(state['module.student.head.last_layer.weight_v']))}
    save_torch(tmp_path / 'official.pth', official)
    assert convert_file(tmp_path / 'official.pth', tmp_path / 'ours.pth', to='ours') == []
    convert_file(tmp_path / 'ours.pth', tmp_path / 'back.pth', to=family)
    first, back = unwrap(official)[0], unwrap(read_checkpoint(tmp_path / 'back.pth'))[0]
    assert first.keys() == back.keys()
    assert all(torch.equal(first[name], back[name]) for name in first)
