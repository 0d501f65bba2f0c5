"""Lists are read before a data set reads them, and refused in a sentence that names the line."""

import os

import pytest

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.datasets.transforms import LoadImageOrSkip
from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS

GOOD = b'a/0.png 0\nb/0.png 1\nb/1 .png 1\n'


@pytest.fixture
def listed(tmp_path, write_images):
    """Function that writes a list beside three images and returns the config of the data set."""
    write_images(tmp_path / 'images', 'a/0.png', 'b/0.png', 'b/1 .png')

    def write(content, **options):
        (tmp_path / 'list.txt').write_bytes(content)
        return dict(type='CustomDataset', data_root=str(tmp_path), data_prefix='images', ann_file='list.txt', **options)

    return write


def refusal(cfg):
    with pytest.raises(DataError) as error:
        check_dataset(cfg)
    return str(error.value)


@pytest.mark.parametrize('content', [GOOD, GOOD.replace(b'\n', b'\r\n'), GOOD.rstrip(), GOOD + GOOD])
def test_what_mmpretrain_reads_passes(listed, content):
    assert check_dataset(listed(content)) == []
    assert check_dataset(listed(content, metainfo=dict(classes=('a', 'b')))) == []


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'', 'is empty'),
        (b'\n', 'is empty: set train_dataloader.dataset.ann_file'),
        (GOOD + b'\n', 'Line 4 of'),
        (GOOD.replace(b'\n', b'\n  \n', 1), 'Line 2 of'),
        (b'\xef\xbb\xbf' + GOOD, 'begins with a byte-order mark'),
        (GOOD.replace(b'b', b'\xe4', 1), 'list.txt" as UTF-8, which it is not there'),
        (b'\xff\xfe' + GOOD.decode().encode('utf-16-le'), 'Line 1 of'),
        (b'0,0,a,0.png\n', 'tools/make_subset.py are for type="ImageSubset"'),
        (GOOD.replace(b' 1\n', b',1\n'), 'is not a name, a space and a label from 0 on, such as "cat/1.jpg 0": "b/0'),
        (GOOD.replace(b' 0\n', b'\t0\n'), 'Line 1 of'),
        (GOOD.replace(b' 0\n', b' -1\n'), '"a/0.png -1"'),
        (GOOD.replace(b' 0\n', b' 0.0\n'), '"a/0.png 0.0"'),
        (GOOD.replace(b' 0\n', b'\n'), '"a/0.png"'),
        (GOOD.replace(b' 0\n', b'  0\n'), 'images/a/0.png "'),
        (GOOD.replace(b'b/0', b'c/0'), 'images/c/0.png", which belongs to'),
        (
            GOOD.replace(b'b/0', b'c/0').replace(b'a/0', b'c/1'),
            'does not exist (nor do 1 others): set train_dataloader',
        ),
        (GOOD + b'a/0.png 1\n', 'Line 4 of'),
    ],
)
def test_lines_that_cannot_be_meant(listed, content, words):
    text = refusal(listed(content))
    assert words in text
    assert 'list.txt"' in text


def test_names_are_kept_byte_for_byte(listed, tmp_path):
    strange = tmp_path / os.fsdecode(b'images/a/caf\xe9.png')
    (tmp_path / 'images/a/0.png').rename(strange)
    for labelled, content in ((True, b'a/caf\xe9.png 0\r\nb/0.png 1\n'), (False, b'a/caf\xe9.png\nb/0.png\n')):
        cfg = listed(content, with_label=labelled)
        assert check_dataset(cfg) == []
        sample = DATASETS.build(cfg)[0]
        assert sample['img_path'] == str(strange)
        assert 'img' in LoadImageOrSkip()(sample)
    (tmp_path / 'classes.txt').write_bytes(b'caf\xe9\nb\n')
    assert 'Line 1 of' in refusal(listed(GOOD, classes=str(tmp_path / 'classes.txt')))


def test_labels_fit_the_classes(listed):
    assert 'has the label 2, but the 2 classes have 0 to 1' in refusal(
        listed(GOOD.replace(b' 1\n', b' 2\n'), metainfo=dict(classes=('a', 'b')))
    )
    from_one = GOOD.replace(b' 1\n', b' 2\n').replace(b' 0\n', b' 1\n')
    text = refusal(listed(from_one, metainfo=dict(classes=('a', 'b'))))
    assert 'Labels begin at 0' in text
    (remark,) = check_dataset(listed(from_one))
    assert 'has the label 0, at which labels begin' in remark.text


def test_lists_without_labels(listed):
    names = b'a/0.png\nb/0.png\n'
    assert check_dataset(listed(names, with_label=False)) == []
    assert 'images/a/0.png 0", which belongs to' in refusal(listed(GOOD, with_label=False))
    assert 'Line 3' in refusal(listed(names + b'\n', with_label=False))


def test_lists_of_classes(listed, tmp_path):
    (tmp_path / 'classes.txt').write_text('a\n')
    assert 'the 1 classes have' in refusal(listed(GOOD, classes=str(tmp_path / 'classes.txt')))
    (tmp_path / 'classes.txt').write_text('a\nb\n\n')
    assert 'Line 3' in refusal(listed(GOOD, classes=str(tmp_path / 'classes.txt')))
    assert 'The list of classes "none.txt" does not exist' in refusal(listed(GOOD, classes='none.txt'))
