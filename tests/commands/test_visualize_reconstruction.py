import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from fixtures.pages import Page
from mmengine.config import Config
from PIL import Image

from sslrecipes.checkpoint.conversion.convert import to_official
from sslrecipes.commands.visualize_reconstruction import visualize_reconstruction
from sslrecipes.errors import CheckpointError, ConfigError, DataError, StorageError
from sslrecipes.registry import MODELS

TOOL = Path(__file__).parents[2] / 'tools' / 'visualize_reconstruction.py'


@pytest.fixture
def config(tmp_path, mae_cfg):
    return save_config(tmp_path / 'mae.py', mae_cfg)


@pytest.fixture
def checkpoint(tmp_path, mae):
    return save_checkpoint(tmp_path / 'epoch_1.pth', mae)


def save_config(path, model):
    Config(dict(model=model)).dump(path)
    return path


def save_checkpoint(path, model):
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
    return path


def test_writes_the_picture_of_a_checkpoint(tmp_path, config, checkpoint, pictures):
    out = visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'new' / 'out.png', limit=2)
    picture = np.asarray(Image.open(out)).astype(int)
    tiles = (abs(picture - (200, 100, 0)) < 5).all(-1)  # one is a JPEG
    assert tiles[:, :160].sum() > 2 * 150 * 150  # both pictures stand in the column of originals


def test_an_image_that_is_read_is_not_written_over(config, checkpoint, pictures):
    with pytest.raises(StorageError, match=r'a\.png" is read and would be written over: give another OUT\.'):
        visualize_reconstruction(config, checkpoint, [pictures], pictures / 'a.png')


def test_writes_a_page_with_the_facts(tmp_path, config, checkpoint, pictures):
    out = visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'out.html', 7, 'predicted')
    page = out.read_text()
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    for fact in ('mae.py', f'epoch_1.pth (SHA-256 {digest})', '75% of the patches removed, seed 7', 'norm_pix'):
        assert fact in page
    assert page.count('<img') == 2 * 4
    assert page.count('<h2>') == 2
    assert 'reconstruction: brightness and contrast interpolated from visible patches (nothing leaks)' in page
    assert page.count('alt="a.png: reconstruction + visible: MSE ') == 1
    assert 'leaks the input' not in page


def test_a_page_of_raw_targets_says_so(tmp_path, mae_priv_cfg, pictures):
    mae_priv_cfg['head']['norm_pix'] = False
    checkpoint = save_checkpoint(tmp_path / 'raw.pth', MODELS.build(mae_priv_cfg))
    config = save_config(tmp_path / 'raw.py', mae_priv_cfg)
    page = visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'out.html').read_text()
    assert '<dt>targets</dt><dd>raw pixels</dd>' in page
    assert 'reconstruction: colours as predicted by the network' in page
    assert 'flat patches' not in page


def test_names_cannot_break_the_page(tmp_path, config, checkpoint):
    file = tmp_path / '<b>&"x".png'
    Image.new('RGB', (16, 16)).save(file)
    page = visualize_reconstruction(config, checkpoint, [file], tmp_path / 'out.html').read_text()
    assert '<b>&"x".png' in Page(page).texts
    assert '<b>' not in page


def test_official_files_are_read(tmp_path, mae_priv_cfg, pictures):
    model = MODELS.build(mae_priv_cfg)
    config = save_config(tmp_path / 'priv.py', mae_priv_cfg)
    ours = save_checkpoint(tmp_path / 'ours.pth', model)
    official = tmp_path / 'official.pth'
    torch.save({'model': to_official(model.state_dict(), 'mae-priv')}, official)
    first, second = (
        np.asarray(Image.open(visualize_reconstruction(config, file, [pictures], tmp_path / f'{file.stem}.png')))
        for file in (ours, official)
    )
    assert (first[30:] == second[30:]).all()  # the title differs


def test_user_errors_are_named(tmp_path, config, checkpoint, pictures):
    out = tmp_path / 'out.png'
    with pytest.raises(ConfigError, match=r'none\.py'):
        visualize_reconstruction(tmp_path / 'none.py', checkpoint, [pictures], out)
    with pytest.raises(ConfigError, match=r'must end in one of \.htm, \.html, \.bmp'):
        visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'out')
    with pytest.raises(CheckpointError, match=r'none\.pth'):
        visualize_reconstruction(config, tmp_path / 'none.pth', [pictures], out)
    with pytest.raises(ConfigError, match='limit, the number of images, must be at least 1, not 0'):
        visualize_reconstruction(config, checkpoint, [pictures], out, limit=0)
    with pytest.raises(ConfigError, match='seed must be from 0 to'):
        visualize_reconstruction(config, checkpoint, [pictures], out, seed=2**63)
    (pictures / 'c.png').write_bytes(b'')
    with pytest.raises(DataError, match=r'c\.png" as an image: empty file'):
        visualize_reconstruction(config, checkpoint, [pictures], out)
    assert not out.exists()


def test_a_checkpoint_of_another_model_is_refused(tmp_path, mae_cfg, checkpoint, pictures):
    mae_cfg['backbone']['arch']['num_layers'] = 2
    with pytest.raises(CheckpointError):
        visualize_reconstruction(
            save_config(tmp_path / 'deeper.py', mae_cfg), checkpoint, [pictures], tmp_path / 'out.png'
        )


@pytest.mark.parametrize('method', ['mae_cfg', 'mae_priv_cfg'])
def test_image_sizes_of_broken_patches_are_refused(tmp_path, method, checkpoint, pictures, request):
    model = request.getfixturevalue(method)
    model['backbone']['img_size'] = 18
    config = save_config(tmp_path / 'broken.py', model)
    with pytest.raises(ConfigError, match='img_size=18 must be a multiple of patch_size=4'):
        visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'out.png')


def test_models_that_predict_no_pixels_are_refused(tmp_path, mae_cfg, checkpoint, pictures):
    arch = mae_cfg['backbone']['arch']
    model = dict(
        type='ImageClassifier',
        backbone=dict(type='VisionTransformer', arch=arch, img_size=16, patch_size=4),
        head=dict(type='LinearClsHead', num_classes=2, in_channels=8),
    )
    with pytest.raises(ConfigError, match='ImageClassifier predicts no pixels'):
        visualize_reconstruction(
            save_config(tmp_path / 'classifier.py', model), checkpoint, [pictures], tmp_path / 'out.png'
        )


@pytest.mark.parametrize(('images', 'code'), [('pictures', 0), ('nowhere', 2)])
def test_tool(tmp_path, config, checkpoint, pictures, monkeypatch, capsys, images, code):
    spec = importlib.util.spec_from_file_location('visualize_reconstruction', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    arguments = ['--images', tmp_path / images, '--out', tmp_path / 'out.png', '--patch-colours', 'predicted']
    arguments += ['--cfg-options', 'model.backbone.mask_ratio=0.5']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in (TOOL, config, checkpoint, *arguments)])
    if code:
        with pytest.raises(SystemExit) as exit_:
            tool.main()
        assert exit_.value.code == code
        assert capsys.readouterr().err.startswith('error: no such image or folder')
    else:
        tool.main()
    assert (tmp_path / 'out.png').exists() == (code == 0)
