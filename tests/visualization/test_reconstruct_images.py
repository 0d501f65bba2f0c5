import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from sslrecipes.errors import CheckpointError, ConfigError, DataError
from sslrecipes.visualization.reconstruct_images import find_images, load_images, visualize_reconstruction

TOOL = Path(__file__).parents[2] / 'tools' / 'visualize_reconstruction.py'


@pytest.fixture
def pictures(tmp_path):
    """A wide and a tall picture, a grey one with a palette of its own, and a file that is none."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for name, size in (('a.png', (40, 24)), ('b.JPG', (20, 50))):
        Image.new('RGB', size, (200, 100, 0)).save(folder / name)
    Image.new('L', (16, 16), 77).save(folder / 'c.png')
    (folder / 'notes.txt').write_text('not an image')
    return folder


@pytest.fixture
def config(tmp_path, mae_cfg):
    return save_config(tmp_path / 'mae.py', mae_cfg)


@pytest.fixture
def checkpoint(tmp_path, mae):
    path = tmp_path / 'epoch_1.pth'
    torch.save({'state_dict': mae.state_dict(), 'meta': {}}, path)
    return path


def save_config(path, model):
    Config(dict(model=model)).dump(path)
    return path


def test_a_folder_stands_for_its_images(pictures):
    assert [file.name for file in find_images([pictures], limit=9)] == ['a.png', 'b.JPG', 'c.png']
    assert [file.name for file in find_images([pictures / 'c.png', pictures], limit=2)] == ['c.png', 'a.png']


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r'no such image or folder: ".*nowhere"'):
        find_images([tmp_path / 'nowhere'], limit=1)
    with pytest.raises(DataError, match='no image file in'):
        find_images([tmp_path], limit=1)


def test_pictures_of_any_size_become_square_bgr(pictures):
    images = load_images(find_images([pictures], limit=9), size=16)
    assert images.shape == (3, 3, 16, 16)
    assert images.dtype == torch.uint8
    assert images[0, :, 8, 8].tolist() == [0, 100, 200]
    assert images[2, :, 8, 8].tolist() == [77, 77, 77]


def test_the_centre_is_kept(tmp_path):
    array = np.zeros((10, 30, 3), np.uint8)
    array[:, 10:20] = 255
    Image.fromarray(array).save(tmp_path / 'wide.png')
    assert (load_images([tmp_path / 'wide.png'], size=10)[..., 1:-1] == 255).all()


def test_the_camera_orientation_is_applied(tmp_path):
    array = np.zeros((10, 10, 3), np.uint8)
    array[:5] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # the camera was upside down
    Image.fromarray(array).save(tmp_path / 'turned.png', exif=exif)
    image = load_images([tmp_path / 'turned.png'], size=10)
    assert (image[..., :4, :] == 0).all()
    assert (image[..., 6:, :] == 255).all()


def test_a_file_that_is_no_image_is_named(pictures):
    with pytest.raises(DataError, match=r'cannot read ".*notes.txt" as an image'):
        load_images([pictures / 'notes.txt'], size=16)


def test_writes_the_picture_of_a_checkpoint(tmp_path, config, checkpoint, pictures):
    out = visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'new' / 'out.png', limit=2)
    picture = np.asarray(Image.open(out)).astype(int)
    tiles = (abs(picture - (200, 100, 0)) < 5).all(-1)  # one is a JPEG
    assert tiles[:, :160].sum() > 2 * 150 * 150  # both pictures stand in the column of originals


def test_user_errors_are_named(tmp_path, config, checkpoint, pictures):
    out = tmp_path / 'out.png'
    with pytest.raises(ConfigError, match=r'none\.py'):
        visualize_reconstruction(tmp_path / 'none.py', checkpoint, [pictures], out)
    with pytest.raises(ConfigError, match='must end in one of'):
        visualize_reconstruction(config, checkpoint, [pictures], tmp_path / 'out')
    with pytest.raises(CheckpointError, match=r'none\.pth'):
        visualize_reconstruction(config, tmp_path / 'none.pth', [pictures], out)
    assert not out.exists()


def test_a_checkpoint_of_another_model_is_refused(tmp_path, mae_cfg, checkpoint, pictures):
    mae_cfg['backbone']['arch']['num_layers'] = 2
    with pytest.raises(CheckpointError):
        visualize_reconstruction(
            save_config(tmp_path / 'deeper.py', mae_cfg), checkpoint, [pictures], tmp_path / 'out.png'
        )


@pytest.mark.parametrize(('images', 'code'), [('pictures', 0), ('nowhere', 2)])
def test_tool(tmp_path, config, checkpoint, pictures, monkeypatch, capsys, images, code):
    spec = importlib.util.spec_from_file_location('visualize_reconstruction', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    arguments = ['--images', tmp_path / images, '--out', tmp_path / 'out.png', '--patch-colours', 'visible']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in (TOOL, config, checkpoint, *arguments)])
    if code:
        with pytest.raises(SystemExit) as exit_:
            tool.main()
        assert exit_.value.code == code
        assert capsys.readouterr().err.startswith('error: no such image or folder')
    else:
        tool.main()
    assert (tmp_path / 'out.png').exists() == (code == 0)
