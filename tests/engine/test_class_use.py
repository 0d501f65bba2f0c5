"""Metrics, accuracies of heads and preprocessors count the classes of the heads."""

from types import SimpleNamespace

import pytest
from mmpretrain.evaluation import Accuracy
from torch import nn

from sslrecipes.engine.class_use import check_accuracies, check_preprocessor
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.linear_probe import LinearProbe


def probe(num_classes):
    return LinearProbe(nn.Identity(), num_classes, in_channels=4)


def loop(*metrics):
    return SimpleNamespace(evaluator=SimpleNamespace(metrics=metrics))


def test_no_metric_asks_for_more_classes_than_there_are():
    with pytest.raises(ConfigError, match=r'val_evaluator \(Accuracy\) asks for top-5, but there are 4 classes'):
        check_accuracies(probe(4), loop(Accuracy(topk=(1, 5))), 'val_evaluator')
    check_accuracies(probe(5), loop(Accuracy(topk=(1, 5)), SimpleNamespace()), 'val_evaluator')
    check_accuracies(nn.Identity(), loop(Accuracy(topk=5)), 'val_evaluator')
    check_accuracies(probe(4), SimpleNamespace(), 'train_evaluator')


@pytest.mark.parametrize('topk', [(0,), (1, 0), -1])
def test_no_metric_asks_for_less_than_the_best_class(topk):
    metric = SimpleNamespace(topk=topk)
    for model in (probe(4), nn.Identity()):
        with pytest.raises(ConfigError, match=r'asks for top-(0|-1), but the best class is top-1: raise topk'):
            check_accuracies(model, loop(metric), 'val_evaluator')


def test_accuracies_that_a_head_logs_count_too():
    model = probe(4)
    model.head = nn.Identity()
    model.head.topk, model.head.cal_acc = (1, 5), True
    with pytest.raises(ConfigError, match=r'model\.head asks for top-5'):
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
