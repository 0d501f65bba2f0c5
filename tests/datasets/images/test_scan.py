import multiprocessing
import os
import signal

import pytest

from sslrecipes.datasets.images import scan
from sslrecipes.datasets.images.scan import inspect_file, list_images, scan_files
from sslrecipes.errors import DataError


def test_images_splits_and_classes_are_listed(tmp_path, write_images):
    write_images(
        tmp_path, 'train/cat/1.png', 'train/cat/deep/2.png', 'train/dog/3.png', 'val/cat/4.png', '.hidden/5.png'
    )
    (tmp_path / 'val/dog').mkdir()
    (tmp_path / 'train/labels.txt').write_text('no image')
    listing = list_images(tmp_path)
    assert listing.paths == ['train/cat/1.png', 'train/cat/deep/2.png', 'train/dog/3.png', 'val/cat/4.png']
    assert listing.classes == {'train': {'cat': 2, 'dog': 1}, 'val': {'cat': 1, 'dog': 0}}
    assert listing.others == 1
    assert listing.group('train/cat/deep/2.png') == ('train', 'cat')


def test_a_folder_without_splits_or_classes(tmp_path, write_images):
    write_images(tmp_path, 'cat/1.png', '2.png')
    assert list_images(tmp_path).classes == {'': {'': 1, 'cat': 1}}


def test_wrong_folders_are_named(tmp_path):
    with pytest.raises(DataError, match='absent" does not exist'):
        list_images(tmp_path / 'absent')
    with pytest.raises(DataError, match='holds no image'):
        list_images(tmp_path)
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match='is a file'):
        list_images(tmp_path / 'file')


def test_facts_of_a_file(tmp_path, write_images):
    folder = write_images(tmp_path, 'a.png', 'b.jpg', size=(40, 50))
    facts = inspect_file(folder / 'a.png')
    assert (facts.problem, facts.width, facts.height, facts.traits) == ('', 50, 40, ())
    assert len(facts.digest) == 16
    assert facts.seconds > 0
    assert inspect_file(folder / 'b.jpg').traits == ('other format than its name says',)
    assert inspect_file(folder / 'a.png', max_pixels=1999).problem.startswith('too large')
    assert inspect_file(folder / 'gone.png').problem == 'unreadable: No such file or directory'
    assert inspect_file(folder).problem.startswith('unreadable')


def test_equal_files_and_only_those_have_equal_digests(tmp_path, write_images):
    folder = write_images(tmp_path, 'a.png', 'b.png')
    (folder / 'c.png').write_bytes((folder / 'a.png').read_bytes())
    first, second, third = (inspect_file(folder / f'{name}.png').digest for name in 'abc')
    assert first == third != second


def test_several_processes_keep_the_order(tmp_path, write_images):
    names = [f'{number:03}.png' for number in range(80)]
    for number, name in enumerate(names):
        write_images(tmp_path, name, size=(1, 1 + number))
    facts = [one for some in scan_files(tmp_path, names, workers=2) for one in some]
    assert [one.width for one in facts] == list(range(1, 81))


def test_a_process_that_dies_is_named_and_nothing_hangs(tmp_path, write_images, monkeypatch):
    names = [f'{number}.png' for number in range(4)]
    write_images(tmp_path, *names)
    main = os.getpid()

    def die(data, max_pixels):
        assert os.getpid() != main
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(scan, 'decode_image', die)
    with pytest.raises(DataError, match=r'between "0\.png" and "3\.png": it ran out of memory \(use fewer --workers\)'):
        list(scan_files(tmp_path, names, workers=2))
    assert not multiprocessing.active_children()
