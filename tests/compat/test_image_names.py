import logging

import pytest
from mmpretrain.datasets import CustomDataset, Places205
from mmpretrain.datasets import ImageNet as UpstreamImageNet

from sslrecipes.compat import image_names
from sslrecipes.datasets import ImageFolder, ImageNet
from sslrecipes.errors import DataError

NAMES = ('a/1.jpg', 'a/2.WEBP', 'b/3.avif', 'b/4.gif', 'b/5.jfif', 'b/6.tiff')


@pytest.fixture
def lines(monkeypatch):
    told = []
    monkeypatch.setattr(image_names, 'print_log', lambda text, _, level: told.append((level, text)))
    return told


@pytest.fixture
def folder(tmp_path):
    for path in (tmp_path / name for name in NAMES):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_class_folders_and_image_folders_take_the_same_files(folder, lines):
    for labelled in (True, False):
        dataset = CustomDataset(data_root=str(folder), with_label=labelled)
        found = {dataset[index]['img_path'] for index in range(len(dataset))}
        assert found == {f'{folder}/{name}' for name in NAMES}
    assert len(ImageFolder(str(folder))) == len(NAMES)
    assert not lines
    for kind in (ImageNet, UpstreamImageNet, Places205):
        assert kind.IMG_EXTENSIONS == image_names.EXTENSIONS


def test_what_is_left_out_is_told_with_its_endings(folder, lines):
    (folder / 'b/7.heic').touch()
    (folder / 'b/README').touch()
    assert len(CustomDataset(data_root=str(folder))) == len(NAMES)
    assert len(CustomDataset(data_root=str(folder), extensions=['.jpg'])) == 1
    (level, first), (_, second) = lines
    assert level == logging.WARNING
    assert first == f'"{folder}": 6 images, 2 other files left out (1 .heic, 1 without an ending)'
    assert '1 image, 7 other files left out (1 .webp, 1 .avif, 1 .gif, 1 .jfif, 1 .tiff, ...)' in second


def test_a_folder_without_an_image_says_what_it_holds(tmp_path, lines):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/1.heic').touch()
    with pytest.raises(DataError, match=r'" holds no image: 1 other file left out \(1 \.heic\)\.'):
        CustomDataset(data_root=str(tmp_path))
