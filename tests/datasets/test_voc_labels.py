import pytest
import torch
import torch.nn.functional as F  # noqa: N812

import sslrecipes.datasets
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError
from sslrecipes.registry import DATASETS, MODELS

#: Objects of each picture, and whether they are difficult.
PICTURES = {
    'a': [('bird', 0), ('bird', 1), ('cat', 1)],
    'b': [('cat', 0), ('sofa', 0)],
    'c': [('bird', 1), ('bird', 1)],
    'd': [],
}
BOX = '<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>'


@pytest.fixture
def cfg(tmp_path, write_images):
    """Config of four pictures with objects of three classes, one of them not used."""
    write_images(tmp_path, *(f'JPEGImages/{name}.jpg' for name in PICTURES))
    (tmp_path / 'Annotations').mkdir()
    (tmp_path / 'ImageSets/Main').mkdir(parents=True)
    for name, things in PICTURES.items():
        objects = ''.join(f'<object><name>{n}</name><difficult>{d}</difficult>{BOX}</object>' for n, d in things)
        (tmp_path / f'Annotations/{name}.xml').write_text(f'<annotation>{objects}</annotation>')
    (tmp_path / 'ImageSets/Main/trainval.txt').write_text('\n'.join(PICTURES))
    return dict(type='VOCLabels', data_root=str(tmp_path), metainfo=dict(classes=('bird', 'cat', 'dog')))


@pytest.mark.parametrize(
    ('test_mode', 'targets'),
    [(False, [[1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0]]), (True, [[1, -1, 0], [0, 1, 0], [-1, 0, 0], [0, 0, 0]])],
)
def test_targets(cfg, test_mode, targets):
    dataset = DATASETS.build(cfg | dict(test_mode=test_mode, pipeline=[dict(type='PackInputs')]))
    samples = [dataset[index]['data_samples'] for index in range(4)]
    assert [sample.gt_score.tolist() for sample in samples] == targets
    positive = [[label for label, target in enumerate(row) if target == 1] for row in targets]
    assert [sample.gt_label.tolist() for sample in samples] == positive


def test_a_picture_without_word_of_difficulty_is_plain(cfg, tmp_path):
    (tmp_path / 'Annotations/d.xml').write_text(f'<annotation><object><name>dog</name>{BOX}</object></annotation>')
    assert DATASETS.build(cfg).get_data_info(3)['gt_score'] == [0, 0, 1]


def test_loss_is_the_mean_over_pictures_and_classes(cfg):
    """As in the recipes: mmpretrain divides the sum by the pictures only."""
    loss = dict(type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1 / 3)
    head = MODELS.build(dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=8, loss=loss))
    dataset = DATASETS.build(cfg | dict(pipeline=[dict(type='PackInputs')]))
    samples = [dataset[index]['data_samples'] for index in range(4)]
    features, targets = torch.randn(4, 8), torch.stack([sample.gt_score for sample in samples])
    logits = F.linear(features, head.fc.weight, head.fc.bias)
    expected = F.binary_cross_entropy_with_logits(logits, targets)
    torch.testing.assert_close(head.loss((features,), samples)['loss'], expected)


@pytest.mark.parametrize('kind', ['VOCLabels', 'VOC'])
def test_mistakes_are_found_before_anything_is_built(cfg, tmp_path, kind):
    cfg = cfg | dict(type=kind)
    (remark,) = check_dataset(cfg)
    assert '"sofa"' in remark.text
    for changed, message in (
        (dict(data_root=str(tmp_path / 'absent')), 'does not exist: link your copy'),
        (dict(split='test'), r'image set ".*Main/test\.txt" does not exist: .*VOC2007.* val, trainval or test'),
        (dict(metainfo=dict(classes=('horse',))), 'are of "bird"'),
    ):
        with pytest.raises(DataError, match=message):
            check_dataset(cfg | changed)
    for file in ('Annotations/b.xml', 'JPEGImages/b.jpg'):
        (tmp_path / file).unlink()
        with pytest.raises(DataError, match=f'The file ".*{file}", which belongs to ".*trainval.txt", does not exist'):
            check_dataset(cfg)


def test_targets_of_a_test_are_not_learnt(cfg):
    check_dataset(cfg | dict(test_mode=True), key='test_dataloader.dataset')
    with pytest.raises(
        DataError, match=r'train_dataloader\.dataset\.test_mode marks difficult objects by targets of -1'
    ):
        check_dataset(cfg | dict(test_mode=True))
