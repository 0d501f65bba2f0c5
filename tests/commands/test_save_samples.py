"""Pictures of a recipe's data as files."""

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from sslrecipes.commands.save_samples import CANDIDATES, picture_of, save_samples
from sslrecipes.datasets.digits import Digits
from sslrecipes.errors import ConfigError


@pytest.fixture
def cfg():
    return Config(
        dict(
            default_scope='sslrecipes',
            train_dataloader=dict(dataset=dict(type='Digits', split='train', pipeline=[dict(type='PackInputs')])),
        )
    )


def pixels(files):
    return [np.asarray(Image.open(file)) for file in files]


def test_pictures_are_of_the_data_and_of_high_contrast(cfg, tmp_path):
    files = save_samples(cfg, tmp_path / 'out', count=3)
    digits = Digits(split='train', pipeline=[])
    all_pictures = [picture_of(digits.get_data_info(index)) for index in range(len(digits))]
    usual = np.median([picture.std() for picture in all_pictures])
    assert [file.name for file in files] == ['0.png', '1.png', '2.png']
    for picture in pixels(files):
        assert any((picture == one).all() for one in all_pictures)
        assert picture.std() > usual, f'the best of {CANDIDATES}'


def test_the_seed_decides(cfg, tmp_path):
    first, again, other = (
        pixels(save_samples(cfg, tmp_path / name, seed=seed)) for name, seed in (('a', 0), ('b', 0), ('c', 1))
    )
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_validation_data_comes_first(cfg, tmp_path):
    cfg.val_dataloader = dict(dataset=dict(type='Digits', split='val', pipeline=[]))
    validation = Digits(split='val', pipeline=[])
    wanted = [picture_of(validation.get_data_info(index)) for index in range(len(validation))]
    for picture in pixels(save_samples(cfg, tmp_path, count=2)):
        assert any((picture == one).all() for one in wanted)


def test_classes_get_folders(cfg, tmp_path):
    files = save_samples(cfg, tmp_path, count=100, data='train', by_class=True)
    digits = Digits(split='train', pipeline=[])
    of_class = {name: set() for name in digits.metainfo['classes']}
    for index in range(len(digits)):
        sample = digits.get_data_info(index)
        of_class[digits.metainfo['classes'][sample['gt_label']]].add(picture_of(sample).tobytes())
    assert len({file.parent for file in files}) == 10
    for file, picture in zip(files, pixels(files), strict=True):
        assert picture.tobytes() in of_class[file.parent.name]
    cfg.train_dataloader.dataset.metainfo = dict(classes=())
    with pytest.raises(ConfigError, match='have no classes: leave --by-class out'):
        save_samples(cfg, tmp_path, by_class=True)
    with pytest.raises(ConfigError, match='has no test data'):
        save_samples(cfg, tmp_path, data='test')


def test_a_recipe_without_data_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='has no data'):
        save_samples(Config(dict(default_scope='sslrecipes')), tmp_path)
    with pytest.raises(ConfigError, match='--count must be at least 1'):
        save_samples(Config(), tmp_path, count=0)
