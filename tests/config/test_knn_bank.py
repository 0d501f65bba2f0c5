import pytest
from mmengine.config import Config

from sslrecipes.config.history import OPTION
from sslrecipes.config.knn_bank import fill_banks, knn_has_a_bank
from sslrecipes.config.provenance import origins
from sslrecipes.config.reading import read_config

DATA = """
train_dataloader = dict(
    batch_size=64, drop_last=True, sampler=dict(type='S', shuffle=True),
    dataset=dict(type='Train', root='a',
                 pipeline=['augment']))
test_dataloader = dict(
    batch_size=8, sampler=dict(type='S', shuffle=False),
    dataset=dict(type='Test', pipeline=['prepare']))
val_dataloader = test_dataloader
val_evaluator = test_evaluator = [dict(type='Accuracy')]
"""
KNN = "_base_ = 'data.py'\ntest_cfg = dict(type='sslrecipes.KNNLoop', ks=(1, 5))\ntest_evaluator = []\n"
FILLED = {
    'batch_size': 8,
    'sampler': {'type': 'S', 'shuffle': False},
    'dataset': {'type': 'Train', 'root': 'a', 'pipeline': ['prepare']},
}


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write a k-NN config on top of a data set's, and read it or its heir."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'data.py').write_text(DATA)
    (tmp_path / 'knn.py').write_text(KNN)

    def read_heir(text='', options=None):
        (tmp_path / 'heir.py').write_text(f"_base_ = 'knn.py'\n{text}\n")
        return read_config('heir.py', options)

    return read_heir


def test_the_bank_is_the_training_images_as_the_test_images_are_prepared(read):
    cfg = read(options={'test_cfg.bank.dataset.pipeline.0': 'other'})
    assert cfg.test_cfg.bank.to_dict() == {**FILLED, 'dataset': {**FILLED['dataset'], 'pipeline': ['other']}}
    assert cfg.test_dataloader.dataset.pipeline == ['prepare']  # no alias
    assert cfg.train_dataloader is cfg.val_dataloader is cfg.val_evaluator is None


@pytest.mark.parametrize(
    ('text', 'changes'),
    [
        ("train_dataloader = dict(dataset=dict(_delete_=True, type='Mine', pipeline=[]))",
         {'dataset': {'type': 'Mine', 'pipeline': ['prepare']}}),
        ("test_cfg = dict(bank=dict(batch_size=2, dataset=dict(root='b')))",
         {'batch_size': 2, 'dataset': {**FILLED['dataset'], 'root': 'b'}}),
        ("test_cfg = dict(bank=dict(dataset=dict(_delete_=True, type='Mine')))", {'dataset': {'type': 'Mine'}}),
    ],
)  # fmt: skip
def test_what_a_config_says_of_it_counts(read, text, changes):
    assert read(text).test_cfg.bank.to_dict() == {**FILLED, **changes}


def test_a_training_keeps_its_loader_and_may_be_validated_by_knn(read):
    cfg = read("train_cfg = dict(max_epochs=1)\nval_cfg = dict(type='KNNLoop')")
    assert cfg.train_dataloader.batch_size == 64
    assert cfg.val_cfg.bank == cfg.test_cfg.bank == FILLED
    again = Config(cfg.to_dict())
    fill_banks(again)
    assert again.to_dict() == cfg.to_dict()


def test_who_set_it_is_known(read):
    read('test_cfg = dict(bank=dict(batch_size=2))')
    found = {key: str(origin) for key, origin in origins('heir.py', {'test_cfg.bank.dataset.root': 'c'}).items()}
    assert found['test_cfg.bank.batch_size'] == 'heir.py:2'
    assert found['test_cfg.bank.sampler.shuffle'] == 'data.py:7'
    assert found['test_cfg.bank.dataset.type'] == 'data.py:4'
    assert found['test_cfg.bank.dataset.pipeline'] == 'data.py:8'
    assert found['test_cfg.bank.dataset.root'] == OPTION


def test_nothing_to_compare_with_is_told(read):
    ((sentence, places),) = knn_has_a_bank(read('train_dataloader = None'))
    assert sentence.startswith('test_cfg: KNNLoop needs labelled images: set test_cfg.bank, or a train_dataloader')
    assert places == ('test_cfg',)
