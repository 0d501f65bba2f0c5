"""Every annotation of a COCO file is looked at: what can't be meant is refused, what is left out is told."""

import json

import pytest

from sslrecipes.datasets.preflight.coco_annotations import check_annotations, read_categories, read_images
from sslrecipes.datasets.preflight.coco_head import open_coco
from sslrecipes.errors import DataError

IMAGES = [dict(id=n, file_name=f'{n}.jpg', width=8, height=8) for n in (1, 2)]
CATEGORIES = [dict(id=5, name='cat'), dict(id=9, name='dog')]
BOX = dict(id=3, image_id=1, category_id=5, bbox=[0, 0, 8.5, 8], area=64, segmentation=[[0, 0, 8, 0, 8, 8]])


@pytest.fixture
def check(tmp_path):
    """Function that writes a file, with one annotation besides a good one, and checks it."""

    def write_and_check(changes=None, wanted=None, masks=True, images=IMAGES, categories=CATEGORIES, boxes=None):
        path = tmp_path / 'boxes.json'
        boxes = boxes or [BOX, {key: value for key, value in (BOX | dict(id=4) | changes).items() if value is not ...}]
        path.write_text(json.dumps(dict(images=images, annotations=boxes, categories=categories)))
        with open_coco(path) as head:
            return check_annotations(head, read_images(head, sizes=True), wanted, masks)

    return write_and_check


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(image_id=7), 'The annotation 4 (number 2) of'),
        (dict(image_id=7), 'belongs to the image 7, which the file does not list'),
        (dict(image_id=...), 'belongs to the image None'),
        (dict(category_id=7), 'has the category 7, which the file does not list'),
        (dict(category_id=[5]), 'has the category [5]'),
        (dict(bbox=[1, 2]), 'has the bbox [1, 2], not [x, y, width, height]'),
        (dict(bbox=[0, 0, float('nan'), 8]), 'has the bbox [0, 0, nan, 8]'),
        (dict(bbox=[4, 4, -2, 2]), 'has the bbox [4, 4, -2, 2]'),
        (dict(bbox=None), 'has the bbox None'),
        (dict(bbox=...), 'has no bbox'),
        (dict(area=...), 'has no area'),
        (dict(area=float('inf')), 'has the area inf'),
        (dict(segmentation=...), 'has no segmentation, which a mask head needs'),
        (dict(segmentation=[]), 'has no segmentation'),
        (dict(id=3), 'The annotation 3 (number 2) of'),
        (dict(id=...), 'has no id'),
    ],
)
def test_annotations_that_cannot_be_meant(check, changes, words):
    with pytest.raises(DataError) as error:
        check(changes)
    assert words in str(error.value)


def test_what_may_be_meant(check):
    assert check(dict(segmentation=...), masks=False) == []
    assert check(dict(category_id=9, iscrowd=1), wanted=('cat',)) == []
    assert check(boxes=[dict(image_id=1, segments_info=[])]) == []
    for changes in (dict(bbox=[20, 0, 4, 4]), dict(bbox=[0, 0, 0.5, 4]), dict(area=0)):
        (remark,) = check(changes)
        assert '1 of 2 annotations of' in remark.text
        assert 'left out, such as 4' in remark.text
    for changes in (dict(iscrowd=1), dict(category_id=9)):
        (remark,) = check(boxes=[BOX | changes], wanted=('cat',))
        assert 'None of the 1 annotations' in remark.text


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(images=[*IMAGES, dict(IMAGES[0], file_name='x.jpg')]), 'have the id 1, "1.jpg" and "x.jpg"'),
        (dict(images=[dict(file_name='x.jpg')]), 'Entry 0 of the list "images"'),
        (dict(images=[dict(id=1, file_name='x.jpg', width=8)]), 'The image 1 of'),
        (dict(categories=[*CATEGORIES, dict(id=5, name='cow')]), 'have the id 5 or the name "cow"'),
        (dict(categories=[*CATEGORIES, dict(id=6, name='cat')]), 'have the id 6 or the name "cat"'),
        (dict(categories=[dict(id=5)]), 'has no id or no name'),
        (dict(boxes=[3]), 'Entry 1 of the list "annotations"'),
    ],
)
def test_lists_that_cannot_be_meant(check, changes, words):
    with pytest.raises(DataError) as error:
        check(changes={}, **changes)
    assert words in str(error.value)


@pytest.mark.parametrize('window', [1 << 22, 64])
def test_a_file_in_another_encoding_is_refused(tmp_path, monkeypatch, window):
    monkeypatch.setattr('sslrecipes.datasets.preflight.coco_head._WINDOW', window)
    images = [dict(image, file_name=f'café{number}.jpg') for number, image in enumerate(IMAGES * 3)]
    for encoding in ('utf-8', 'latin-1'):
        path = tmp_path / f'{encoding}.json'
        path.write_text(json.dumps(dict(images=images), ensure_ascii=False), encoding=encoding)
        with open_coco(path) as head:
            if encoding == 'utf-8':
                assert list(head.entries('images')) == images
                continue
            with pytest.raises(DataError, match=r'latin-1\.json" is not UTF-8'):
                list(head.entries('images'))


def test_an_entry_may_be_longer_than_the_window(tmp_path, monkeypatch):
    monkeypatch.setattr('sslrecipes.datasets.preflight.coco_head._WINDOW', 8)
    (tmp_path / 'boxes.json').write_text(json.dumps(dict(images=IMAGES, annotations=[BOX], categories=CATEGORIES)))
    with open_coco(tmp_path / 'boxes.json') as head:
        assert read_categories(head) == {5: 'cat', 9: 'dog'}
