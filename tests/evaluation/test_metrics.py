import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.structures import DataSample
from sklearn.metrics import balanced_accuracy_score, top_k_accuracy_score

import sslrecipes.evaluation  # noqa: F401  registers
from sslrecipes.evaluation import metrics
from sslrecipes.evaluation.metrics import balanced_accuracy, classification_scores, topk_accuracy, warn_of_trivial_top5


@pytest.fixture
def scores():
    """Scores of 40 samples for 8 classes, better than chance, unbalanced."""
    labels = torch.randint(8, (40,)) ** 2 // 8
    return torch.rand(40, 8) + 0.4 * torch.nn.functional.one_hot(labels, 8), labels


def test_as_scikit_learn(scores):
    values, labels = scores
    best = values.topk(5, dim=1).indices
    for k in (1, 5):
        expected = 100 * top_k_accuracy_score(labels, values, k=k, labels=range(8))
        assert topk_accuracy(best, labels, k) == pytest.approx(expected)
    assert balanced_accuracy(best[:, 0], labels) == pytest.approx(100 * balanced_accuracy_score(labels, best[:, 0]))


def test_fewer_predictions_than_five_count_as_they_are():
    scores = classification_scores(torch.tensor([[0], [1], [1]]), torch.tensor([0, 1, 2]))
    assert scores == pytest.approx({'top1': 200 / 3, 'top5': 200 / 3, 'balanced': 200 / 3})


@pytest.mark.parametrize('with_label', [False, True])
def test_balanced_accuracy_of_classifier_samples(scores, with_label):
    samples = []
    for value, label in zip(*scores, strict=True):
        sample = DataSample().set_gt_label(label).set_pred_score(value)
        samples.append((sample.set_pred_label(value.argmax()) if with_label else sample).to_dict())
    evaluator = Evaluator([dict(type='BalancedAccuracy'), dict(type='Accuracy')])
    evaluator.process(samples)
    metrics = evaluator.evaluate(len(samples))
    values, labels = scores
    assert metrics['accuracy/balanced'] == pytest.approx(100 * balanced_accuracy_score(labels, values.argmax(1)))
    assert metrics['accuracy/top1'] == pytest.approx(100 * np.mean((values.argmax(1) == labels).numpy()), rel=1e-5)


def test_classes_without_a_test_image_do_not_count():
    """Mean per-class accuracy of Caltech-101: (1/2 + 2/3 + 0) / 3, class 2 being absent from the test images."""
    labels = torch.tensor([0, 0, 1, 1, 1, 3])
    predictions = torch.tensor([0, 2, 1, 1, 0, 2])
    assert balanced_accuracy(predictions, labels) == pytest.approx(100 * (1 / 2 + 2 / 3 + 0) / 3)


def test_probe_accuracy_names_each_head_and_the_best():
    labels = [0, 1, 2, 2]
    right, wrong = torch.eye(6)[labels], torch.eye(6)[[0, 1, 3, 3]]
    samples = []
    for index, label in enumerate(labels):
        sample = DataSample(metainfo=dict(probe_lr_scales=(0.5, 2.0))).set_gt_label(label)
        sample.set_field(torch.stack([wrong[index], right[index]]), 'probe_score')
        samples.append(sample.to_dict())
    evaluator = Evaluator(dict(type='ProbeAccuracy'))
    evaluator.process(samples)
    metrics = evaluator.evaluate(len(samples))
    assert (metrics['probe/top1_x0.5'], metrics['probe/top1_x2']) == (50.0, 100.0)
    assert metrics['probe/balanced_x0.5'] == pytest.approx(200 / 3)
    assert (metrics['probe/best_top1'], metrics['probe/best_lr_scale']) == (100.0, 2.0)


@pytest.mark.parametrize(('classes', 'told'), [(1, True), (5, True), (6, False)])
def test_a_top5_of_all_classes_is_told(classes, told, monkeypatch):
    lines = []
    monkeypatch.setattr(metrics, 'print_log', lambda text, *_: lines.append(text))
    warn_of_trivial_top5(classes, 'knn/top5')
    evaluator = Evaluator(dict(type='ProbeAccuracy'))
    sample = DataSample(probe_score=torch.eye(classes)[:1], probe_lr_scales=(1.0,)).set_gt_label(0)
    evaluator.process([sample])
    evaluator.evaluate(1)
    assert [('knn/top5 means nothing' in line) for line in lines] == [True, False] * told
    assert all('probe/top5' in line for line in lines[1:])
