"""Detection and segmentation data: what is missing is named before mmdet or mmseg start."""

import json

import pytest
from PIL import Image

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError

CLASSES = ('cat', 'dog')
BOX = dict(id=0, image_id=0, category_id=0, bbox=[0, 0, 8, 8], area=64, segmentation=[[0, 0, 8, 0, 8, 8]])

VOC_BOX = '<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5.5</xmax><ymax>8</ymax></bndbox>'


def refusal(cfg: dict) -> str:
    with pytest.raises(DataError) as error:
        check_dataset(cfg)
    return str(error.value)


def write_coco(root, names=CLASSES, images=('a.jpg', 'b.jpg'), annotations=1):
    (root / 'images').mkdir(parents=True, exist_ok=True)
    for name in images:
        Image.new('RGB', (8, 8)).save(root / 'images' / name)
    content = {
        'info': {'description': 'a "brace" } in a text'},
        'images': [{'id': n, 'file_name': name, 'height': 8, 'width': 8} for n, name in enumerate(images)],
        'annotations': [{**BOX, 'id': n} for n in range(annotations)],
        'categories': [{'id': n, 'name': name} for n, name in enumerate(names)],
    }
    (root / 'boxes.json').write_text(json.dumps(content, indent=1))
    return coco(root)


def coco(root, **changes) -> dict:
    return dict(type='CocoDataset', data_root=str(root), ann_file='boxes.json', data_prefix=dict(img='images/'),
                metainfo=dict(classes=CLASSES), **changes)  # fmt: skip


def test_good_coco_data_pass_under_any_type_and_wrapper(tmp_path):
    cfg = write_coco(tmp_path)
    for name in ('CocoDataset', 'mmdet.CocoDataset', 'mmdet.CocoPanopticDataset', 'my.Own'):
        check_dataset({**cfg, 'type': name})
    check_dataset(dict(type='ConcatDataset', datasets=[cfg, dict(type='RepeatDataset', times=2, dataset=cfg)]))
    check_dataset(
        {**cfg, 'data_root': '', 'ann_file': f'{tmp_path}/boxes.json', 'data_prefix': {'img': str(tmp_path / 'images')}}
    )


def test_a_missing_folder_or_file_is_named_with_its_place(tmp_path):
    text = refusal(dict(type='ConcatDataset', datasets=[coco(tmp_path / 'absent')]))
    assert f'The folder "{tmp_path}/absent" does not exist' in text
    assert 'train_dataloader.dataset.datasets.0.data_root' in text
    assert f'"{tmp_path}/boxes.json" does not exist: set train_dataloader.dataset.ann_file' in refusal(coco(tmp_path))
    write_coco(tmp_path)
    text = refusal({**coco(tmp_path), 'data_prefix': dict(img='train2017/')})
    assert f'"{tmp_path}/train2017" does not exist: set train_dataloader.dataset.data_prefix.img' in text
    (tmp_path / 'images' / 'b.jpg').unlink()
    text = refusal(coco(tmp_path))
    assert f'The image "{tmp_path}/images/b.jpg", which belongs to "{tmp_path}/boxes.json", does not exist' in text


def test_places_of_files_are_text(tmp_path):
    cfg = write_coco(tmp_path)
    assert 'data_prefix.img is None, but must be text' in refusal({**cfg, 'data_prefix': dict(img=None)})
    assert 'metainfo.classes is 3, but must be a list' in refusal({**cfg, 'metainfo': dict(classes=3)})
    assert 'img_path is None, but must be text' in refusal({**cfg, 'data_prefix': dict(seg_map_path='x')})
    assert 'ann_file is None, but must be text' in refusal(
        {**cfg, 'ann_file': None, 'data_prefix': dict(sub_data_root='')}
    )


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('', 'is empty'),
        ('{"images": [{"file_name": "a.j', 'does not end with a brace'),
        ('<html>}', 'no list "images"'),
        ('{"images": [], "annotations": [], "categories": []}', 'lists no image'),
        ('{"images": [{"file_name": "a.jpg"}], "annotations": [ ], "categories": []}', 'has no annotations'),
        ('{"images": [{"file_name": "a.jpg"}]}', 'no list "annotations"'),
        ('{"images": [{"file_name": oops}]}', 'damaged at its list "images"'),
    ],
)
def test_damaged_and_empty_annotations(tmp_path, content, words):
    write_coco(tmp_path)
    (tmp_path / 'boxes.json').write_text(content)
    text = refusal(coco(tmp_path))
    assert words in text
    assert f'"{tmp_path}/boxes.json"' in text


def test_long_lists_are_read_in_parts(tmp_path, monkeypatch):
    names = [f'ä{number}.jpg' for number in range(20)]
    cfg = write_coco(tmp_path, images=names)
    monkeypatch.setattr('sslrecipes.datasets.preflight.coco_head._WINDOW', 150)
    check_dataset(cfg)
    (tmp_path / 'images' / names[-1]).unlink()
    assert f'images/{names[-1]}", which belongs to' in refusal(cfg)


def test_classes_that_mmdet_would_drop_or_renumber(tmp_path):
    text = refusal(write_coco(tmp_path, names=('Cat', 'dog')))
    assert 'no category "cat", but "Cat", "dog"' in text
    assert 'train_dataloader.dataset.metainfo.classes' in text
    assert 'Did you mean "Cat"?' in text
    text = refusal(write_coco(tmp_path, names=('dog', 'cat')))
    assert 'lists "dog", "cat", which mmdet numbers in this order' in text
    check_dataset(write_coco(tmp_path, names=('cat', 'cow', 'dog')))  # some of the file's classes


def test_the_classes_of_a_type_count_if_the_config_names_none(tmp_path):
    cfg = write_coco(tmp_path)
    cfg.pop('metainfo')
    text = refusal(cfg)
    assert 'no category "person", but "cat", "dog"' in text
    check_dataset({**cfg, 'type': 'my.Own'})


def write_voc(root, name='cat'):
    for folder in ('VOC2007/JPEGImages', 'VOC2007/Annotations', 'VOC2007/ImageSets/Main'):
        (root / folder).mkdir(parents=True)
    Image.new('RGB', (8, 8)).save(root / 'VOC2007/JPEGImages/000001.jpg')
    (root / 'VOC2007/Annotations/000001.xml').write_text(
        f'<annotation><object><name>{name}</name>{VOC_BOX}</object></annotation>'
    )
    (root / 'VOC2007/ImageSets/Main/test.txt').write_text('000001\n')
    return dict(type='VOCDataset', data_root=str(root), ann_file='VOC2007/ImageSets/Main/test.txt',
                data_prefix=dict(sub_data_root='VOC2007/'), metainfo=dict(classes=CLASSES))  # fmt: skip


def test_voc(tmp_path):
    cfg = write_voc(tmp_path)
    check_dataset(cfg)
    check_dataset({**cfg, 'type': 'sslrecipes.VOCTrainingSet', 'metainfo': None})
    assert '"VOC2012" does not exist' in refusal({**cfg, 'data_prefix': dict(sub_data_root='VOC2012')}).replace(
        f'{tmp_path}/', ''
    )
    assert 'are of "cat": set train_dataloader.dataset.metainfo.classes' in refusal(
        {**cfg, 'metainfo': dict(classes=['dog'])}
    )
    (tmp_path / 'VOC2007/Annotations/000001.xml').write_text('<annotation>')
    assert 'is damaged or not XML' in refusal(cfg)
    (tmp_path / 'VOC2007/Annotations/000001.xml').unlink()
    assert 'Annotations/000001.xml", which belongs to' in refusal(cfg)
    (tmp_path / 'VOC2007/ImageSets/Main/test.txt').write_text('')
    assert 'test.txt" is empty' in refusal(cfg)


@pytest.mark.parametrize(
    ('old', 'new', 'words'),
    [
        ('<name>cat</name>', '', 'Object 1 of the annotation file "'),
        ('<name>cat</name>', '<name/>', '000001.xml" has no name'),
        (VOC_BOX, '', 'has no bndbox with xmin <= xmax'),
        ('<xmin>1<', '<xmin>7<', 'has no bndbox'),
        ('<xmin>1<', '<xmin>nan<', 'has no bndbox'),
        ('<xmin>1<', '<xmin>left<', 'has no bndbox'),
        ('<object>', '<size><width>8</width></size><object>', 'has no width and height above 0'),
    ],
)
def test_voc_objects_that_cannot_be_meant(tmp_path, old, new, words):
    cfg = write_voc(tmp_path)
    path = tmp_path / 'VOC2007/Annotations/000001.xml'
    path.write_text(path.read_text().replace(old, new))
    assert words in refusal(cfg)


def test_voc_objects_of_other_classes_are_told(tmp_path):
    cfg = write_voc(tmp_path)
    path = tmp_path / 'VOC2007/Annotations/000001.xml'
    cow = f'<object><name>cow</name>{VOC_BOX}</object>'
    path.write_text(path.read_text().replace('<object>', f'{cow}<object>'))
    (remark,) = check_dataset(cfg)
    assert '1 of 2 objects in' in remark.text
    assert 'left out: "cow"' in remark.text
    path.write_text('<annotation></annotation>')
    (remark,) = check_dataset(cfg)
    assert remark.text.startswith('None of 1 file in')


def write_maps(root, image='ulm/1_leftImg8bit.png', label='ulm/1_gtFine_labelTrainIds.png'):
    for path in (root / 'leftImg8bit' / image, root / 'gtFine' / label):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('L', (8, 8)).save(path)
    return dict(type='CityscapesDataset', data_root=str(root),
                data_prefix=dict(img_path='leftImg8bit', seg_map_path='gtFine'))  # fmt: skip


def test_maps_have_the_endings_of_their_type(tmp_path):
    cfg = write_maps(tmp_path)
    check_dataset(cfg)
    check_dataset({**cfg, 'type': 'mmseg.CityscapesDataset'})
    assert 'no image "*.jpg"' in refusal({**cfg, 'type': 'ADE20KDataset'})
    check_dataset(
        {**cfg, 'type': 'my.Own', 'img_suffix': '_leftImg8bit.png', 'seg_map_suffix': '_gtFine_labelTrainIds.png'}
    )
    check_dataset({**cfg, 'type': 'my.Own'})  # whose endings aren't known


def test_missing_maps_and_folders(tmp_path):
    cfg = write_maps(tmp_path, label='ulm/1_gtFine_labelIds.png')
    text = refusal(cfg)
    assert 'The segmentation map' in text
    assert 'gtFine/ulm/1_gtFine_labelTrainIds.png' in text
    assert 'data_prefix.seg_map_path' in text
    assert '"' + str(tmp_path / 'none') in refusal(
        {**cfg, 'data_prefix': dict(img_path='leftImg8bit', seg_map_path='none')}
    )
    (tmp_path / 'list.txt').write_text('berlin/2\n')
    assert 'berlin/2_leftImg8bit.png", which belongs to' in refusal({**cfg, 'ann_file': 'list.txt'})


def test_what_writes_itself_or_lies_elsewhere_passes(tmp_path):
    absent = str(tmp_path / 'absent')
    check_dataset(
        dict(type='sslrecipes.PhotoScenesDetection', data_root=absent, ann_file='a.json', data_prefix=dict(img=''))
    )
    check_dataset(coco('s3://bucket/coco'))
