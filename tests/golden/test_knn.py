import pytest

from sslrecipes.evaluation.knn import weighted_knn
from sslrecipes.evaluation.metrics import classification_scores


@pytest.mark.golden('mae_priv/knn')
@pytest.mark.parametrize('chunks', [{}, {'chunk': 7, 'bank_chunk': 13}])
def test_accuracies(case, chunks):
    predictions = weighted_knn(
        case['in/train_features'],
        case['in/train_labels'],
        case['in/test_features'],
        num_classes=case.hyper['num_classes'],
        ks=case.hyper['k'],
        temperature=case.hyper['temperature'],
        normalize=False,
        **chunks,
    )
    one_sample = 100 / len(case['in/test_labels'])
    for k, expected in case.meta['results'].items():
        scores = classification_scores(predictions[int(k)], case['in/test_labels'])
        assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=one_sample + 1e-9)
