import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.structures import DataSample
from sklearn.neighbors import KNeighborsClassifier

import sslrecipes.evaluation  # noqa: F401  registers
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.self_knn import self_knn


def reference(x, y, k, temperature, classes):
    """Votes of each sample by a classifier that was fitted on all others."""
    x = (x / x.norm(dim=1, keepdim=True)).double().numpy()
    scores = np.zeros((len(x), classes))
    for i in range(len(x)):
        others = np.delete(np.arange(len(x)), i)
        knn = KNeighborsClassifier(
            k, metric='cosine', algorithm='brute', weights=lambda d: np.exp((1 - d) / temperature)
        )
        knn.fit(x[others], y.numpy()[others])
        scores[i, knn.classes_] = knn.predict_proba(x[i : i + 1])[0]
    return scores


@pytest.mark.parametrize('chunk', [7, 1000])
def test_agrees_with_leave_one_out_of_scikit_learn(clusters, chunk):
    x, y = clusters(90, noise=1.5)
    found = self_knn(x, y, k=11, temperature=0.2, chunk=chunk)
    scores = reference(x, y, 11, 0.2, 6)
    assert found.shape == (90, 5)
    assert np.array_equal(found[:, 0].numpy(), scores.argmax(1))
    assert 0.1 < np.mean(found[:, 0].numpy() != y.numpy()) < 0.9, 'the task says nothing'
    ranked = np.take_along_axis(scores, found.numpy(), axis=1)
    assert (np.diff(ranked, axis=1) <= 1e-9).all()


def test_an_image_does_not_vote_for_itself_even_among_its_doubles():
    x = torch.ones(6, 3)
    assert self_knn(x, torch.arange(6), k=5)[:, 0].ne(torch.arange(6)).all()
    x, y = torch.eye(4), torch.tensor([0, 0, 1, 1])
    x[1] += 0.5 * x[0]
    x[2] += 0.9 * x[3]
    assert self_knn(x, y, k=1)[:, 0].tolist()[:2] == [0, 0]
    assert self_knn(x, y, k=1)[2:, 0].tolist() == [1, 1]


def sample(feature, label):
    data_sample = DataSample().set_gt_label(label)
    data_sample.set_field(feature, 'feature')
    return data_sample.to_dict()


def test_metric_reports_top1_and_top5(clusters):
    x, y = clusters(90, noise=1.5)
    evaluator = Evaluator(dict(type='SelfKNN', k=11, temperature=0.2))
    evaluator.process([sample(feature, int(label)) for feature, label in zip(x, y, strict=True)])
    metrics = evaluator.evaluate(90)
    scores = reference(x, y, 11, 0.2, 6)
    best = np.argsort(-scores, axis=1)
    assert metrics['knn/top1'] == pytest.approx(100 * np.mean(best[:, 0] == y.numpy()))
    assert metrics['knn/top5'] == pytest.approx(100 * np.mean((best[:, :5] == y.numpy()[:, None]).any(1)))
    assert metrics['knn/top1'] < metrics['knn/top5'] <= 100


def test_user_mistakes(clusters):
    x, y = clusters(10)
    with pytest.raises(ConfigError, match='k=10'):
        self_knn(x, y, k=10)
    for wrong in (dict(k=0), dict(temperature=0)):
        with pytest.raises(ConfigError, match='SelfKNN'):
            Evaluator(dict(type='SelfKNN', **wrong))
    for missing in ('feature', 'gt_label'):
        incomplete = sample(x[0], 0)
        del incomplete[missing]
        with pytest.raises(DataError, match=missing):
            Evaluator(dict(type='SelfKNN')).process([incomplete])
