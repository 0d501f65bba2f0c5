"""A wrong number of classes is told before anything is trained."""

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from mmengine.runner.base_loop import BaseLoop
from mmpretrain.datasets import CustomDataset
from mmpretrain.evaluation import Accuracy
from torch import nn
from torch.utils.data import DataLoader

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.class_count import (
    check_accuracies,
    check_class_count,
    check_learnt_classes,
    check_preprocessor,
    check_same_classes,
    learns_labels,
)
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.methods.linear_probe import LinearProbe


class Data:
    def __init__(self, *classes, **metainfo):
        self.metainfo = {**metainfo, **({'classes': classes} if classes else {})}


def probe(num_classes):
    return LinearProbe(nn.Identity(), num_classes, in_channels=4)


def test_equal_numbers_and_unknown_classes_pass():
    check_class_count(probe(3), Data('cat', 'dog', 'eel'), 'train_dataloader')
    check_class_count(probe(3), Data(), 'train_dataloader')
    check_class_count(nn.Linear(2, 2), Data('cat'), 'train_dataloader')


@pytest.mark.parametrize('found', [2, 4])
def test_other_numbers_are_named(found):
    with pytest.raises(ConfigError, match=f'num_classes is {found}, but the data of val_dataloader has 3 classes'):
        check_class_count(probe(found), Data('cat', 'dog', 'eel'), 'val_dataloader')


def detector(**heads):
    parts = nn.ModuleDict({name: nn.Identity() for name in heads})
    for name, classes in heads.items():
        parts[name].num_classes = classes
    return parts


def test_heads_of_detectors_are_looked_at_but_those_without_classes():
    check_class_count(detector(bbox_head=2, mask_head=2, rpn_head=1), Data('a', 'b'), 'train_dataloader')
    with pytest.raises(
        ConfigError, match=r'model\.mask_head\.num_classes is 3, but the data of train_dataloader has 2'
    ):
        check_class_count(detector(bbox_head=2, mask_head=3), Data('a', 'b'), 'train_dataloader')


def test_what_a_segmentor_repeats_of_its_head_is_not_named():
    segmentor = detector(decode_head=3)
    segmentor.num_classes = 3
    with pytest.raises(ConfigError, match=r'^model\.decode_head\.num_classes is 3'):
        check_class_count(segmentor, Data('a', 'b'), 'train_dataloader')


def test_each_head_of_a_cascade_is_looked_at():
    cascade = detector(bbox_head=2)
    cascade['bbox_head'] = nn.ModuleList([probe(2), probe(3)])
    with pytest.raises(ConfigError, match=r'model\.bbox_head\.1\.num_classes is 3'):
        check_class_count(cascade, Data('a', 'b'), 'train_dataloader')


def test_things_count_where_there_is_stuff_too():
    check_class_count(detector(bbox_head=1), Data('a', 'b', thing_classes=('a',)), 'train_dataloader')


def test_head_of_a_classifier_is_looked_at(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.model.head.num_classes = 11
    with pytest.raises(ConfigError, match=r'model\.head\.num_classes is 11, but the data of train_dataloader has 10'):
        runner.train()


def loop(*classes, **attributes):
    class Loop(BaseLoop):
        def run(self):
            pass

    made = Loop(None, DataLoader(['image']))
    made.dataloader = SimpleNamespace(dataset=Data(*classes))
    vars(made).update(attributes)
    return made


def test_what_is_validated_has_the_classes_that_are_learnt():
    train, other = loop('a', 'b', 'c'), loop('a', 'c', 'd')
    with pytest.raises(DataError, match=r'class 1 is "b" in the train_dataloader and "c" in the other'):
        check_same_classes(probe(3), train, other, 'val_dataloader')
    check_same_classes(nn.Identity(), train, other, 'val_dataloader')  # a method without labels
    check_same_classes(probe(3), train, loop('a', 'c', 'd', classes=('a', 'c', 'd')), 'val_dataloader')  # a bank
    check_same_classes(probe(3), dict(type='SSLTrainLoop'), other, 'val_dataloader')  # nothing is trained
    check_same_classes(probe(3), train, loop('a', 'b', 'c'), 'val_dataloader')


def test_a_checkpoint_is_tested_on_the_classes_that_it_learnt(caplog):
    logger = logging.getLogger('learnt')
    runner = SimpleNamespace(model=probe(3), _train_loop=None, _val_loop={}, _test_loop=loop('a', 'c', 'd'))
    runner.logger = logger
    checkpoint = {'meta': {'dataset_meta': {'classes': ('a', 'b', 'c')}}}
    with pytest.raises(DataError, match=r'The checkpoint and the test_dataloader differ in their classes'):
        check_learnt_classes(runner, checkpoint)
    runner._val_loop, runner._test_loop = runner._test_loop, {}
    with pytest.raises(DataError, match=r'The checkpoint and the val_dataloader differ in their classes'):
        check_learnt_classes(runner, checkpoint)
    for unknown in ({}, {'meta': {}}, {'meta': {'dataset_meta': None}}):
        check_learnt_classes(runner, unknown)
    runner._train_loop = runner._val_loop
    with caplog.at_level(logging.WARNING):
        check_learnt_classes(runner, checkpoint)
    assert 'class 1 is "b" in the checkpoint' in caplog.text


def test_labels_of_a_list_without_names_fit_the_head(tmp_path):
    (tmp_path / 'list.txt').write_text('0.png 0\n1.png 3\n')
    data = CustomDataset(data_root=str(tmp_path), ann_file='list.txt')
    with pytest.raises(ConfigError, match=r'model\.num_classes is 3, but the data of train_dataloader has the label 3'):
        check_class_count(probe(3), data, 'train_dataloader')
    check_class_count(probe(4), data, 'train_dataloader')
    check_class_count(nn.Identity(), data, 'train_dataloader')


@pytest.mark.parametrize(
    ('options', 'learns'),
    [
        (dict(model=dict(head=dict(type='MAEPretrainHead'))), False),
        (dict(model=dict(data_preprocessor=dict(num_classes=10))), False),
        (dict(model=dict(type='LinearProbe', num_classes=10)), True),
        (dict(model=dict(probe=dict(num_classes=10))), True),
        (dict(model=dict(probe=None)), False),
        (dict(model=dict(roi_head=dict(bbox_head=[dict(num_classes=10)]))), True),
        (dict(model=dict(), custom_hooks=[dict(type='sslrecipes.OnlineProbeHook')]), True),
    ],
)
def test_labels_count_where_something_learns_them(options, learns):
    assert learns_labels(Config(options)) is learns


def test_a_runner_compares_names_of_loops_and_of_what_it_loads(mae_on_digits, tmp_path):
    other = dict(classes=tuple('1023456789'))
    mae_on_digits.val_dataloader = dict(mae_on_digits.train_dataloader.to_dict(), drop_last=False)
    mae_on_digits.val_dataloader.dataset.metainfo = other
    mae_on_digits.val_cfg, mae_on_digits.val_evaluator = {}, []
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.model.head.num_classes = 10
    assert runner.train_loop
    with pytest.raises(DataError, match='class 0 is "0" in the train_dataloader and "1" in the other'):
        _ = runner.val_loop
    save_torch(tmp_path / 'x.pth', {'state_dict': runner.model.state_dict(), 'meta': {'dataset_meta': other}})
    runner.load_checkpoint(tmp_path / 'x.pth')
    assert 'class 0 is "1" in the checkpoint' in next(Path(runner.log_dir).glob('*.log')).read_text()


def measured_by(*metrics):
    return SimpleNamespace(evaluator=SimpleNamespace(metrics=metrics))


def test_no_metric_asks_for_more_classes_than_there_are():
    with pytest.raises(
        ConfigError, match=r'val_evaluator \(Accuracy\) asks for top-5, but there are 4 classes: lower topk'
    ) as caught:
        check_accuracies(probe(4), measured_by(SimpleNamespace(), Accuracy(topk=(1, 5))), 'val_evaluator')
    assert 'as by val_evaluator.1.topk=1.' in str(caught.value)
    with pytest.raises(ConfigError, match=r'as by val_evaluator\.topk=1\.'):
        check_accuracies(probe(4), measured_by(Accuracy(topk=5)), 'val_evaluator', listed=False)
    check_accuracies(probe(5), measured_by(Accuracy(topk=(1, 5)), SimpleNamespace()), 'val_evaluator')
    check_accuracies(nn.Identity(), measured_by(Accuracy(topk=5)), 'val_evaluator')
    check_accuracies(probe(4), SimpleNamespace(), 'train_evaluator')


@pytest.mark.parametrize('topk', [(0,), (1, 0), -1])
def test_no_metric_asks_for_less_than_the_best_class(topk):
    metric = SimpleNamespace(topk=topk)
    for model in (probe(4), nn.Identity()):
        with pytest.raises(ConfigError, match=r'asks for top-(0|-1), but the best class is top-1: raise topk'):
            check_accuracies(model, measured_by(metric), 'val_evaluator')


def test_accuracies_that_a_head_logs_count_too():
    model = probe(4)
    model.head = nn.Identity()
    model.head.topk, model.head.cal_acc = (1, 5), True
    with pytest.raises(ConfigError, match=r'model\.head asks for top-5.* as by model\.head\.topk=1'):
        check_accuracies(model, SimpleNamespace(), 'train_evaluator')
    model.head.cal_acc = False
    check_accuracies(model, SimpleNamespace(), 'train_evaluator')


def test_preprocessor_mixes_labels_of_the_same_classes():
    model = probe(4)
    model.data_preprocessor.num_classes = 5
    with pytest.raises(ConfigError, match=r'data_preprocessor\.num_classes is 5, but model\.num_classes is 4'):
        check_preprocessor(model)
    model.data_preprocessor.num_classes = None
    check_preprocessor(model)


def test_a_runner_looks_at_both(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    head = runner.model.head
    head.num_classes, head.cal_acc, head.topk = 10, True, 11
    with pytest.raises(ConfigError, match=r'model\.head asks for top-11, but there are 10 classes'):
        runner.build_train_loop(mae_on_digits.train_cfg)
    head.topk = 10
    runner.model.data_preprocessor.num_classes = 11
    with pytest.raises(ConfigError, match=r'data_preprocessor\.num_classes is 11'):
        runner.build_train_loop(mae_on_digits.train_cfg)
