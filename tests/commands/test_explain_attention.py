import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from sslrecipes.checkpoint.conversion.convert import to_official
from sslrecipes.commands.explain_attention import category_index, explain_attention
from sslrecipes.errors import CheckpointError, ConfigError, DataError, StorageError
from sslrecipes.registry import MODELS
from sslrecipes.visualization.rollout import RolloutOptions

TOOL = Path(__file__).parents[2] / 'tools' / 'explain_attention.py'
ARCH = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16)
SIZES = dict(arch=ARCH, img_size=16, patch_size=4)
COLOURS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True)
CLASSES = ['tench, Tinca tinca', 'crane', 'crane']
CLASSIFIER = dict(
    type='ImageClassifier',
    data_preprocessor=COLOURS,
    backbone=dict(type='MAEPrivFineTuneViT', with_cls_token=False, out_type='avg_featmap', final_norm=False, **SIZES),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=8),
)
CNN = dict(
    type='ImageClassifier', backbone=dict(type='ResNet', depth=18), head=dict(CLASSIFIER['head'], in_channels=512)
)


@pytest.fixture
def photos(tmp_path):
    """Two pictures of one name."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for name, size in (('cat.png', (40, 24)), ('cat.jpg', (20, 50))):
        Image.fromarray(np.random.randint(0, 256, (*size[::-1], 3), np.uint8)).save(folder / name)
    return folder


@pytest.fixture
def save(tmp_path):
    """``save(model_cfg, stem, meta)`` writes a config and a checkpoint of random weights."""

    def write(model, stem='classifier', meta=None):
        Config(dict(model=model)).dump(tmp_path / f'{stem}.py')
        state = MODELS.build(model).state_dict()
        torch.save({'state_dict': state, 'meta': meta or {}}, tmp_path / f'{stem}.pth')
        return tmp_path / f'{stem}.py', tmp_path / f'{stem}.pth'

    return write


def written(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob('*') if file.is_file())


def test_writes_pictures_grid_and_page(tmp_path, save, photos):
    network = save(CLASSIFIER, meta={'dataset_meta': {'classes': CLASSES}})
    page = explain_attention(*network, [photos], tmp_path / 'out', category='Tinca tinca', size=24)
    names = ['attention_rollout_0.900_max.png', 'grad_rollout_0_0.900_max.png', 'input.png']
    folders = ['cat', 'cat_1']
    expected = [f'{folder}/{name}' for folder in folders for name in names]
    assert written(tmp_path / 'out') == [*expected, 'index.html', 'rollout.png']
    for name in expected:
        assert Image.open(tmp_path / 'out' / name).size == (24, 24)
    assert Image.open(tmp_path / 'out/rollout.png').size[0] >= 3 * 224
    text = page.read_text()
    assert text.count('<img') == 6
    digest = hashlib.sha256(network[1].read_bytes()).hexdigest()
    assert str(tmp_path) not in text
    for fact in (
        f'classifier.pth (SHA-256 {digest})',
        'cat.png',
        'of class 0 (tench, Tinca tinca)',
        '24 px',
        'mean of the patches',
        '123.675',
    ):
        assert fact in text


def test_no_image_gets_the_folder_of_another(tmp_path, save, photos):
    Image.new('RGB', (16, 16)).save(photos / 'cat_1.png')
    Image.new('RGB', (16, 16)).save(photos / 'cat_2.png')
    files = [photos / name for name in ('cat_2.png', 'cat.png', 'cat.jpg', 'cat_1.png')]
    explain_attention(*save(CLASSIFIER), files, tmp_path / 'out')
    assert len(list((tmp_path / 'out').glob('*/input.png'))) == 4


def test_options_reach_the_pictures(tmp_path, save, photos):
    network = save(CLASSIFIER)
    for options in (RolloutOptions('min', 0.5), RolloutOptions('min', 0.5, layer=0)):
        explain_attention(*network, [photos / 'cat.png'], tmp_path / 'out', options)
    whole, alone = (
        np.asarray(Image.open(tmp_path / f'out/cat/attention_rollout_0.500_min{layer}.png'))
        for layer in ('', '_layer0')
    )
    assert (whole != alone).any()


def test_any_method_with_a_vit_and_official_files_serve(tmp_path, mae_cfg, mae, photos):
    Config(dict(model=mae_cfg)).dump(tmp_path / 'mae.py')
    torch.save({'state_dict': mae.state_dict()}, tmp_path / 'ours.pth')
    torch.save({'model': to_official(mae.state_dict(), 'mae')}, tmp_path / 'official.pth')
    pictures = []
    for stem in ('ours', 'official'):
        explain_attention(tmp_path / 'mae.py', tmp_path / f'{stem}.pth', [photos], tmp_path / stem, limit=1)
        pictures.append(np.asarray(Image.open(tmp_path / stem / 'cat/attention_rollout_0.900_max.png')))
    assert (pictures[0] == pictures[1]).all()


def test_a_backbone_is_enough_without_category(tmp_path, save, photos):
    config, checkpoint = save(CLASSIFIER)
    state = torch.load(checkpoint)['state_dict']
    bare = {name.removeprefix('backbone.'): value for name, value in state.items() if 'ln2' not in name[:12]}
    torch.save({name: value for name, value in bare.items() if 'head' not in name}, tmp_path / 'bare.pth')
    explain_attention(config, tmp_path / 'bare.pth', [photos], tmp_path / 'out', limit=1)
    with pytest.raises(CheckpointError, match=r'bare\.pth" fills'):
        explain_attention(config, tmp_path / 'bare.pth', [photos], tmp_path / 'out', category=0)


def test_a_checkpoint_of_another_network_is_refused(tmp_path, save, photos):
    config, without_token = save(CLASSIFIER)
    token = {**CLASSIFIER, 'backbone': dict(type='MAEPrivFineTuneViT', **SIZES)}
    token_config, with_token = save(token, 'token')
    wide = {**CLASSIFIER['backbone'], 'patch_size': 8}
    _, coarse = save({**CLASSIFIER, 'backbone': wide}, 'coarse')
    for network, message in (
        ((config, coarse), 'other shape'),
        ((token_config, without_token), 'cls_token'),
        ((config, with_token), 'cls_token'),
    ):
        with pytest.raises(CheckpointError, match=message):
            explain_attention(*network, [photos], tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_categories_by_index_name_and_synonym():
    assert category_index('7', CLASSES) == 7
    assert category_index('tench', CLASSES) == category_index('Tinca tinca', CLASSES) == 0
    with pytest.raises(ConfigError, match=r'None of the 3 classes is called "tensh"\. Did you mean "tench"\?'):
        category_index('tensh', CLASSES)
    with pytest.raises(ConfigError, match='The classes 1 and 2 are called "crane": give an index'):
        category_index('crane', CLASSES)
    with pytest.raises(ConfigError, match='Neither checkpoint nor config names the classes'):
        category_index('tench', [])


def test_names_of_classes_come_from_the_config_if_the_checkpoint_has_none(tmp_path, save, photos):
    config, checkpoint = save(CLASSIFIER)
    loader = dict(batch_size=1, sampler=dict(type='DefaultSampler'), dataset=dict(type='Digits', split='test'))
    rest = dict(val_cfg=dict(), val_evaluator=dict(type='Accuracy'))
    Config(dict(model=CLASSIFIER, val_dataloader=loader, **rest)).dump(config)
    page = explain_attention(config, checkpoint, [photos], tmp_path / 'out', category=2, limit=1)
    assert 'of class 2 (2)' in page.read_text()
    named = {**loader['dataset'], 'metainfo': {'classes': ['ant', 'bee', 'cow']}}
    Config(dict(model=CLASSIFIER, val_dataloader={**loader, 'dataset': named}, **rest)).dump(config)
    page = explain_attention(config, checkpoint, [photos], tmp_path / 'out', category='bee', limit=1)
    assert 'of class 1 (bee)' in page.read_text()


@pytest.mark.parametrize(
    ('how', 'error', 'message'),
    [
        (dict(category=3), ConfigError, 'no category 3: the classes are 0 to 2'),
        (dict(category='dog'), ConfigError, 'give the index of "dog"'),
        (dict(options=RolloutOptions(layer=2)), ConfigError, 'no layer 2: the blocks of this ViT are 0 to 1'),
        (dict(category=-1), ConfigError, 'no category -1: the classes are 0 to 2'),
        (dict(limit=0), ConfigError, 'must be at least 1, not 0'),
        (dict(size=-4), ConfigError, 'must be at least 1 pixel, not -4'),
        (dict(size=18), DataError, '18x18 pixels do not consist of whole 4x4 patches'),
    ],
)
def test_user_errors_leave_nothing_behind(tmp_path, save, photos, how, error, message):
    network = save(CLASSIFIER)
    with pytest.raises(error, match=message):
        explain_attention(*network, [photos], tmp_path / 'out', **how)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'CMYK', 'P'])
def test_images_of_any_kind_are_explained(tmp_path, save, mode):
    name = tmp_path / ('odd.tif' if mode == 'CMYK' else 'odd.png')
    Image.new(mode, (20, 20)).save(name)
    assert explain_attention(*save(CLASSIFIER), [name], tmp_path / 'out').is_file()


def test_networks_that_do_not_serve_are_refused(tmp_path, save, mae_cfg, photos):
    with pytest.raises(ConfigError, match='ResNet has no maps of attention'):
        explain_attention(*save(CNN, 'cnn'), [photos], tmp_path / 'out')
    with pytest.raises(ConfigError, match='MAE has no classifier, whose score gradient rollout needs'):
        explain_attention(*save(mae_cfg, 'mae'), [photos], tmp_path / 'out', category=0)


@pytest.mark.parametrize('name', ['rollout.png', 'cat/attention_rollout_0.900_max.png'])
def test_an_image_that_is_read_is_not_written_over(tmp_path, save, photos, name):
    own = tmp_path / 'out' / name
    own.parent.mkdir(parents=True)
    own.symlink_to(min(photos.iterdir()))
    with pytest.raises(StorageError, match=f'{name}" is read and would be written over: give another OUT'):
        explain_attention(*save(CLASSIFIER), [photos], tmp_path / 'out', size=8)


@pytest.mark.parametrize('fusion', ['mean', 'meen'])
def test_tool(tmp_path, save, photos, monkeypatch, capsys, fusion):
    spec = importlib.util.spec_from_file_location('explain_attention', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    options = ['--fusion', fusion, '--discard-ratio', '0.8', '--layer', '1', '--category', '2', '--official']
    options += ['--cfg-options', 'model.backbone.drop_path_rate=0.5']
    arguments = [*save(CLASSIFIER), '--images', photos, '--out', tmp_path / 'out', '--size', '8', *options]
    monkeypatch.setattr(sys, 'argv', [str(word) for word in (TOOL, *arguments)])
    if fusion == 'meen':
        with pytest.raises(SystemExit) as exit_:
            tool.main()
        assert exit_.value.code == 2
        assert capsys.readouterr().err.startswith('error: fusion must be one of max, mean, min, not "meen".')
        assert not (tmp_path / 'out').exists()
    else:
        tool.main()
        assert capsys.readouterr().out.endswith('index.html\n')
        assert (tmp_path / 'out/cat/grad_rollout_2_0.800_mean_layer1_official.png').exists()
