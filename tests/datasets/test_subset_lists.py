import errno
from pathlib import Path

import pytest

from sslrecipes.datasets.subset_lists import ListedImage, describe, locate, read_subset, write_subset
from sslrecipes.datasets.subsets import images_by_class
from sslrecipes.errors import DataError, StorageError


@pytest.fixture
def folder(tmp_path, write_images):
    return write_images(
        tmp_path / 'train', *(f'n0{label}/n0{label}_{index}.png' for label in (1, 2) for index in (5, 10))
    )


@pytest.fixture
def listing(tmp_path):
    """Function that writes a list."""

    def write(*lines):
        path = tmp_path / 'list.txt'
        path.write_text('\n'.join(lines))
        return path

    return write


def test_what_is_written_has_the_official_format_and_is_read_again(tmp_path, folder):
    chosen = {'n01': ['n01_5.png'], 'n02': ['n02_10.png', 'n02_5.png']}
    write_subset(tmp_path / 'list.txt', images_by_class(folder), chosen)
    lines = ['1,0,n01,n01_5.png', '2,1,n02,n02_10.png', '3,1,n02,n02_5.png']
    assert (tmp_path / 'list.txt').read_text().splitlines() == lines
    listed = read_subset(tmp_path / 'list.txt')
    assert listed[1] == ListedImage(2, 'n02', 'n02_10.png', 1)
    assert locate(listed, folder, 'list.txt') == chosen


def test_a_list_that_has_changed_is_named(tmp_path, folder):
    images, path = images_by_class(folder), tmp_path / 'list.txt'
    write_subset(path, images, images)
    whole = path.read_bytes()
    for changed in (whole.replace(b'n01_5', b'n01_10'), whole[: whole.index(b'\n') + 1], whole.replace(b'0,', b'1,')):
        path.write_bytes(changed)
        with pytest.raises(DataError, match=r'list\.txt" has changed since .*delete ".*list\.txt\.sha256"'):
            read_subset(path)
    path.write_bytes(whole)
    assert len(read_subset(path)) == 4


def test_awkward_names_survive(tmp_path, write_images):
    names = ['one, two.png', '"quoted".png', 'sub/ä.png', 'a\nb\rc.png', 'caf\udce9.png', '-x .png']
    images = images_by_class(write_images(tmp_path / 'train', *(f'a class, too/{name}' for name in names)))
    write_subset(tmp_path / 'list.txt', images, images)
    assert locate(read_subset(tmp_path / 'list.txt'), tmp_path / 'train', 'list.txt') == images


def test_list_of_simclr(folder, listing):
    listed = read_subset(listing('n02_10.png', 'n01_5.png', ''))
    assert listed == [ListedImage(1, 'n02', 'n02_10.png'), ListedImage(2, 'n01', 'n01_5.png')]
    assert locate(listed, folder, 'list.txt') == {'n01': ['n01_5.png'], 'n02': ['n02_10.png']}


def test_line_ends_of_other_systems(tmp_path):
    (tmp_path / 'list.txt').write_bytes(b'7,1,n02,n02_10.png\r\n0,0,n01,n01_5.png\r\n')
    assert [image.file for image in read_subset(tmp_path / 'list.txt')] == ['n02_10.png', 'n01_5.png']


@pytest.mark.parametrize(
    'line', ['n01/5.png 0', '5.png', '0,n01,n01_5.png', 'x,0,n01,n01_5.png', '0,0,,n01_5.png', '0,0,n01,a.png,more']
)
def test_unknown_formats(listing, line):
    with pytest.raises(DataError, match=r'Line 2 of ".*list\.txt" is neither'):
        read_subset(listing('0,0,n01,n01_5.png', line))


def test_repeated_lines(listing):
    with pytest.raises(DataError, match=r'Line 3 .* repeats line 1: "n01_5.png"'):
        read_subset(listing('1,0,n01,n01_5.png', '3,1,n02,n02_5.png', 'n01_5.png'))


def test_unreadable_lists(tmp_path, listing):
    with pytest.raises(DataError, match=r'absent.txt" \(No such file.*\): tools/make_subset.py'):
        read_subset(tmp_path / 'absent.txt')
    with pytest.raises(DataError, match='is no regular file'):
        read_subset(tmp_path)
    with pytest.raises(DataError, match='is empty'):
        read_subset(listing('', ''))


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        (('n01_5.png', 'n02_7.png'), r'Line 2 of "L": there is no image ".*n02/n02_7.png"'),
        (('n01_5.png', 'n3_7.png'), r'Line 2 of "L" names the class "n3", which .* does not have'),
        (('0,1,n01,n01_5.png',), r'says that "n01" is class 1, but among the 2 folders of .* it is class 0'),
        (('2,0,n02,n02_5.png',), r'says that "n02" is class 0, but among the 2 folders of .* it is class 1'),
        (('n01_5.png', 'n01_10.png'), r'The class "n02" has no image in the subset list "L"\.'),
    ],
)
def test_lists_that_do_not_fit_the_folder(folder, listing, lines, message):
    with pytest.raises(DataError, match=message):
        locate(read_subset(listing(*lines)), folder, 'L')


def test_a_file_that_is_no_image_is_refused(folder, listing):
    (folder / 'n01/notes.txt').touch()
    with pytest.raises(DataError, match='no image'):
        locate(read_subset(listing('0,0,n01,notes.txt')), folder, 'L')


@pytest.mark.parametrize('name', ['folder', 'file/list.txt', 'n' * 250])
def test_a_list_that_can_not_be_written_leaves_nothing(tmp_path, folder, name):
    images = images_by_class(folder)
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'file').touch()
    before = sorted(tmp_path.rglob('*'))
    with pytest.raises(StorageError, match='Could not write'):
        write_subset(tmp_path / name, images, images)
    assert sorted(tmp_path.rglob('*')) == before


@pytest.mark.parametrize('part', ['.txt', '.sha256'])
def test_on_a_full_disk_the_list_before_stays_with_its_digest(tmp_path, folder, monkeypatch, part):
    images, path = images_by_class(folder), tmp_path / 'list.txt'
    write_subset(path, images, images)
    before = read_subset(path)

    def full(self, data, write=Path.write_bytes):
        if part in self.name:
            raise OSError(errno.ENOSPC, 'No space left on device')
        write(self, data)

    smaller = {name: files[:1] for name, files in images.items()}
    with monkeypatch.context() as patch:
        patch.setattr(Path, 'write_bytes', full)
        for name in ('list.txt', 'new.txt'):
            with pytest.raises(StorageError, match='No space left'):
                write_subset(tmp_path / name, images, smaller)
    assert read_subset(path) == before
    assert sorted(file.name for file in tmp_path.glob('*.txt*')) == ['list.txt', 'list.txt.sha256']


def test_description():
    assert describe({'a': ['1', '2'], 'b': ['3']}) == '3 images of 2 classes, 1 to 2 per class'
