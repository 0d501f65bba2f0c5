import pytest

from sslrecipes.zoo.reading import read_config

BASE = """
data_root = 'data/coco/'
train_dataloader = dict(dataset=dict(data_root=data_root, ann_file='annotations/train.json'))
val_dataloader = dict(dataset=dict(datasets=[dict(data_root=data_root), dict(data_root='data/coco-more')]))
val_evaluator = dict(ann_file=data_root + 'annotations/val.json')
"""


@pytest.fixture
def base(tmp_path):
    path = tmp_path / 'base.py'
    path.write_text(BASE)
    return path


def check(cfg, root):
    assert cfg.train_dataloader.dataset.data_root == f'{root}/'
    assert cfg.train_dataloader.dataset.ann_file == 'annotations/train.json'
    assert [one.data_root for one in cfg.val_dataloader.dataset.datasets] == [f'{root}/', 'data/coco-more']
    assert cfg.val_evaluator.ann_file == f'{root}/annotations/val.json'


def test_an_override_reaches_loaders_and_evaluators(base):
    check(read_config(base), 'data/coco')
    check(read_config(base, {'data_root': '/disk/coco/'}), '/disk/coco')
    check(read_config(base, {'data_root': '/disk/coco'}), '/disk/coco')


def test_so_does_an_inheriting_config(base):
    child = base.with_name('child.py')
    child.write_text("_base_ = 'base.py'\ndata_root = 'elsewhere'\n")
    check(read_config(child), 'elsewhere')


def test_a_single_loader_may_have_its_own(base):
    cfg = read_config(base, {'val_dataloader.dataset.datasets.0.data_root': 'mine'})
    assert cfg.val_dataloader.dataset.datasets[0].data_root == 'mine'
    assert cfg.train_dataloader.dataset.data_root == 'data/coco/'
