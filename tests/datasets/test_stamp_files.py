from pathlib import Path

import numpy as np
import pytest
from fixtures.stamps import write_stamp
from PIL import Image

from sslrecipes.datasets.cutouts import HALF
from sslrecipes.datasets.stamp_files import (
    DEBIAN_FOLDER,
    LARGEST,
    SPLITS,
    check_stamps,
    draw_stamp,
    list_stamps,
    load_stamps,
    read_cutout,
)
from sslrecipes.datasets.stamp_names import STAMPS
from sslrecipes.errors import DataError

installed = pytest.mark.skipif(
    not Path(DEBIAN_FOLDER).is_dir(), reason="Debian's tuxpaint-stamps-default is not installed"
)


def test_the_lists_name_each_object_once_and_every_class_in_both_splits():
    listed = {split: list(list_stamps(split)) for split in SPLITS}
    names = [name for split in SPLITS for _, name in listed[split]]
    assert len(names) == len(set(names)) == 218
    assert not any('mirror' in name or 'cartoon' in name for name in names)
    counts = [np.bincount([label for label, _ in listed[split]]).tolist() for split in SPLITS]
    assert counts == [[23, 22, 16, 10, 16, 17, 13, 12, 9, 7], [12, 11, 8, 5, 8, 9, 6, 6, 4, 4]]
    assert len(STAMPS) == 10


@pytest.mark.parametrize('mode', ['RGBA', 'LA', 'P'])
def test_an_object_is_cut_out_of_pictures_of_every_kind(tmp_path, mode):
    write_stamp(tmp_path / 'a.png', (200, 100, 50), mode, size=(80, 40))
    cutout = read_cutout(tmp_path / 'a.png')
    assert cutout.mode == 'RGBA'
    assert cutout.size[0] < 80  # its box
    pixels = np.asarray(cutout)
    inside = pixels[pixels[..., 3] > HALF][:, :3]
    assert (inside == inside[0]).all()
    assert tuple(inside[0]) == ((124, 124, 124) if mode == 'LA' else (200, 100, 50))


def test_large_objects_are_made_smaller(tmp_path):
    write_stamp(tmp_path / 'a.png', (9, 9, 9), size=(1000, 500))
    assert max(read_cutout(tmp_path / 'a.png').size) == LARGEST


@pytest.mark.parametrize(
    ('picture', 'fault'),
    [
        (Image.new('RGB', (9, 9)), 'no transparent background'),
        (Image.new('L', (9, 9)), 'no transparent background'),
        (Image.new('RGBA', (9, 9), (1, 2, 3, 100)), 'shows nothing'),
        (None, 'cannot be read as a picture'),
    ],
)
def test_a_file_that_shows_no_object_is_named(tmp_path, picture, fault):
    path = tmp_path / 'a.png'
    path.write_bytes(b'no picture')
    if picture:
        picture.save(path)
    with pytest.raises(DataError, match=rf'a\.png" .*{fault}'):
        read_cutout(path)


def test_objects_are_read_by_split(stamp_folder):
    train, val = (load_stamps(split, str(stamp_folder)) for split in SPLITS)
    assert (len(train), len(val)) == (20, 10)
    assert [stamp.label for stamp in val.values()] == list(range(10))
    assert all(name.endswith('/c') for name in val)


def test_a_missing_package_and_another_version_are_one_sentence(stamp_folder, tmp_path):
    with pytest.raises(DataError, match=r'no ".*\.png": install Debian.s package tuxpaint-stamps-default\.$'):
        check_stamps(str(tmp_path / 'absent'))
    write_stamp(stamp_folder / 'made/fruit/b.png', (1, 2, 3))
    with pytest.raises(DataError, match=r'are not those of version 2022\.06\.04 of tuxpaint-stamps-default'):
        load_stamps('val', str(stamp_folder))


def test_an_object_is_drawn_at_a_size_and_sometimes_mirrored(stamp_folder):
    stamp = next(iter(load_stamps('train', str(stamp_folder)).values()))
    pixels = np.asarray(stamp.picture).copy()
    pixels[:, : pixels.shape[1] // 2, :3] = 255
    halves = type(stamp)(stamp.label, Image.fromarray(pixels))
    lit = set()
    for seed in range(6):
        drawn = draw_stamp(np.random.default_rng(seed), halves, 20)
        assert max(drawn.shape.shape) == 20
        assert drawn.surface.shape == (*drawn.shape.shape, 3)
        lit.add(bool(drawn.surface[:, 2].mean() > drawn.surface[:, -3].mean()))
    assert lit == {True, False}


@installed
def test_the_installed_stamps_can_all_be_seen_at_the_size_of_scenes():
    check_stamps()
    rng = np.random.default_rng(0)
    for split in SPLITS:
        for name, stamp in load_stamps(split).items():
            assert (draw_stamp(rng, stamp, 32).shape > HALF).sum() >= 30, name
