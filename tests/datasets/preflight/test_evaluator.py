"""The file of an evaluator is compared with the data set before anything is predicted."""

import json

import pytest

from sslrecipes.datasets.preflight.evaluator import check_evaluator
from sslrecipes.errors import DataError

BOX = dict(id=1, image_id=0, category_id=0, bbox=[0, 0, 8, 8], area=64)


@pytest.fixture
def write(tmp_path):
    """Function that writes a COCO file and returns its path."""

    def write_coco(name, names=('cat', 'dog'), images=('a.jpg', 'b.jpg'), boxes=(BOX,)):
        path = tmp_path / name
        content = dict(images=[dict(id=n, file_name=image) for n, image in enumerate(images)], annotations=boxes)
        path.write_text(json.dumps(content | dict(categories=[dict(id=n, name=name) for n, name in enumerate(names)])))
        return str(path)

    return write_coco


def check(metric, root, **options):
    dataset = dict(type='CocoDataset', data_root=str(root), ann_file='data.json', data_prefix=dict(img=''),
                   metainfo=dict(classes=('cat', 'dog')), **options)  # fmt: skip
    wrapped = dict(type='RepeatDataset', times=1, dataset=dataset)
    return check_evaluator(metric, wrapped, 'val_evaluator', 'val_dataloader.dataset')


def refusal(*args, **options):
    with pytest.raises(DataError) as error:
        check(*args, **options)
    return str(error.value)


def test_the_file_of_the_data_set_and_equal_ones_pass(write, tmp_path):
    own = write('data.json')
    check(dict(type='CocoMetric', ann_file=own), tmp_path)
    check(dict(type='CocoMetric', ann_file=write('copy.json', images=('a.jpg', 'b.jpg', 'c.jpg'))), tmp_path)
    check(dict(type='Accuracy'), tmp_path)
    check(dict(type='CocoMetric', ann_file='s3://bucket/x.json'), tmp_path)


def test_another_file_is_refused(write, tmp_path):
    write('data.json')
    assert 'none.json" does not exist: set val_evaluator.ann_file' in refusal(dict(ann_file='none.json'), tmp_path)
    metric = dict(ann_file=write('other.json', names=('cat', 'cow')))
    assert 'has no category "dog", but "cat", "cow"' in refusal(metric, tmp_path)
    metric = dict(ann_file=write('other.json', names=('dog', 'cat')))
    assert 'numbers in this order' in refusal(metric, tmp_path)
    metric = dict(ann_file=write('other.json', images=('a.jpg', 'c.jpg')))
    assert 'of val_evaluator has no image 1 ("b.jpg")' in refusal(metric, tmp_path)
    (tmp_path / 'other.json').write_text('{}')
    assert 'no list "categories"' in refusal(metric, tmp_path)


def test_annotations_of_the_file(write, tmp_path):
    write('data.json')
    assert check(dict(ann_file=write('good.json')), tmp_path) == []
    (remark,) = check(dict(ann_file=write('empty.json', boxes=())), tmp_path)
    assert 'None of the 0 annotations' in remark.text
    strange = dict(ann_file=write('other.json', boxes=[BOX | dict(category_id=7)]))
    assert 'The annotation 1 (number 1) of' in (text := refusal(strange, tmp_path))
    assert 'has the category 7, which the file does not list' in text
    masks = dict(ann_file=write('good.json'), metric=['bbox', 'segm'])
    assert 'has no width and height' in refusal(masks, tmp_path)


def test_what_is_written_later_passes(tmp_path):
    dataset = dict(type='sslrecipes.PhotoScenesDetection', data_root=str(tmp_path / 'absent'))
    check_evaluator(dict(ann_file=f'{tmp_path}/absent.json'), dataset, 'val_evaluator', 'val_dataloader.dataset')
