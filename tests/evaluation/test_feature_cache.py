import random

import pytest
import torch
from mmengine.runner import Runner
from safetensors.torch import save_file
from torch.utils.data import DataLoader, TensorDataset

from sslrecipes.checkpoint.files.writing import save_safetensors
from sslrecipes.errors import CheckpointError, ConfigError
from sslrecipes.evaluation.feature_cache import cache_file, load_features, save_features
from sslrecipes.evaluation.features import extract_features
from sslrecipes.models.methods.feature_model import FeatureModel


def loader(indices=12, flip=0.0, split='val'):
    pipeline = [dict(type='RandomFlip', prob=flip), dict(type='PackInputs')]
    cfg = dict(
        dataset=dict(type='Digits', split=split, indices=indices, pipeline=pipeline),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        batch_size=5,
        num_workers=0,
    )
    return Runner.build_dataloader(cfg, seed=0)


def test_second_call_reads_the_file(model, tmp_path):
    first = extract_features(model, loader(), cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.suffix == '.safetensors'

    def unread(_):
        raise AssertionError('the data set was read again')

    second = extract_features(model, loader(), cache_dir=tmp_path, watch=unread)
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.y, second.y)


def test_nothing_is_written_without_a_folder(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    extract_features(model, loader())
    assert not list(tmp_path.iterdir())


def test_name_tells_apart_what_gives_other_features(model, vit_cfg, tmp_path):
    data = loader()
    weights = model.backbone.state_dict()

    def variant(pool='avg', final_norm=True, mean=78.0, to_rgb=False):
        normalisation = dict(mean=[mean] * 3, std=[96.0] * 3, to_rgb=to_rgb)
        other = FeatureModel(vit_cfg, pool, final_norm, normalisation)
        other.backbone.load_state_dict(weights)
        return cache_file(tmp_path, other, data, None)

    same = cache_file(tmp_path, model, data, None)
    assert variant() == same
    assert cache_file(tmp_path, model, loader(), None) == same
    assert cache_file(tmp_path, model.train(), data, None) == same
    others = [variant('cls'), variant(final_norm=False), variant(mean=79.0), variant(to_rgb=True)]
    others += [
        cache_file(tmp_path, model, other, None) for other in (loader(11), loader(flip=1.0), loader(split='train'))
    ]
    others.append(cache_file(tmp_path, model, data, torch.bfloat16))
    with torch.no_grad():
        model.backbone.cls_token += 1e-6
    others.append(cache_file(tmp_path, model, data, None))
    assert len({same, *others}) == 1 + len(others)


def test_the_folder_may_lie_in_the_home_folder(model, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_file('~/cache', model, loader(), None).parent == tmp_path / 'cache'


def test_damaged_file_is_named(model, tmp_path):
    file = cache_file(tmp_path, model, loader(), None)
    file.write_bytes(b'nothing')
    with pytest.raises(CheckpointError, match=file.name):
        extract_features(model, loader(), cache_dir=tmp_path)


def test_flipped_bits_and_other_files_are_noticed(tmp_path):
    file, rng = tmp_path / 'features.safetensors', random.Random(0)
    save_features(file, torch.randn(20, 4), torch.arange(20))
    good, (x, y) = file.read_bytes(), load_features(file)
    for _ in range(50):
        flipped = bytearray(good)
        flipped[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        file.write_bytes(flipped)
        try:
            assert all(map(torch.equal, load_features(file), (x, y)))
        except CheckpointError:
            continue
    save_safetensors(file, {'x': x, 'y': y[1:]})
    with pytest.raises(CheckpointError, match='holds no features'):
        load_features(file)
    save_features(tmp_path / 'other.safetensors', x, y)
    (tmp_path / 'other.safetensors').replace(file)
    with pytest.raises(CheckpointError, match='holds the features of another network or data set: delete it'):
        load_features(file)
    save_file({'x': x, 'y': y}, file)
    with pytest.raises(CheckpointError, match=r'no digest.* Delete it'):
        load_features(file)


def test_data_set_without_a_list_of_samples_is_refused(model, tmp_path):
    data = DataLoader(TensorDataset(torch.zeros(4, 3, 8, 8)), batch_size=2)
    with pytest.raises(ConfigError, match='leave out cache_dir'):
        cache_file(tmp_path, model, data, None)
