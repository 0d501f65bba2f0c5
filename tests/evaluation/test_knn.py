import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.neighbors import KNeighborsClassifier

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.knn import check_ks, nearest_neighbours, weighted_knn
from sslrecipes.evaluation.metrics import classification_scores

GOLDEN = Path(os.environ.get('SSLRECIPES_GOLDEN') or Path(__file__).parents[1] / 'data' / 'golden')


@pytest.mark.parametrize('case', ['mae_priv/knn'])
def test_official_accuracies(case):
    folder = GOLDEN / case
    if not folder.is_dir():
        pytest.skip(f'no case {case}')
    meta, tensors = json.loads((folder / 'case.json').read_text()), load_file(folder / 'tensors.safetensors')
    predictions = weighted_knn(
        tensors['in/train_features'],
        tensors['in/train_labels'],
        tensors['in/test_features'],
        num_classes=meta['hyper']['num_classes'],
        ks=meta['hyper']['k'],
        temperature=meta['hyper']['temperature'],
        normalize=False,
    )
    scores = {k: classification_scores(best, tensors['in/test_labels']) for k, best in predictions.items()}
    for k, expected in meta['results'].items():
        assert {name: scores[int(k)][name] for name in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize('temperature', [0.07, 0.5])
def test_votes_as_scikit_learn(clusters, temperature):
    train_x, train_y = clusters(150, noise=1.5)
    test_x, _ = clusters(80, noise=1.5, seed=1)
    ours = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(1, 7, 40), temperature=temperature)
    for k, best in ours.items():
        theirs = KNeighborsClassifier(
            k, metric='cosine', algorithm='brute', weights=lambda distance: np.exp((1 - distance) / temperature)
        ).fit(train_x.double().numpy(), train_y.numpy())
        shares = theirs.predict_proba(test_x.double().numpy())
        assert np.array_equal(best[:, 0].numpy(), shares.argmax(1))
        ranked = np.argsort(-shares, axis=1, kind='stable')[:, : best.shape[1]]
        assert np.array_equal(best.numpy(), ranked)


def test_several_k_in_one_pass_as_one_by_one(clusters):
    (train_x, train_y), (test_x, _) = clusters(60), clusters(20, seed=1)
    together = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(20, 3, 3))
    assert list(together) == [3, 20]
    for k, best in together.items():
        (alone,) = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(k,)).values()
        assert torch.equal(best, alone)


@pytest.mark.parametrize(('chunk', 'bank_chunk'), [(1, 1), (7, 9), (64, 50), (1000, 1000)])
def test_chunks_do_not_matter(clusters, chunk, bank_chunk):
    (train_x, train_y), (test_x, _) = clusters(101), clusters(33, seed=1)
    whole = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(5, 30))
    parts = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(5, 30), chunk=chunk, bank_chunk=bank_chunk)
    assert all(torch.equal(whole[k], parts[k]) for k in (5, 30))


def test_neighbours_over_bank_chunks_as_one_sort(clusters):
    (bank, _), (queries, _) = clusters(50), clusters(8, seed=1)
    similarity, index = nearest_neighbours(bank, queries, 20, bank_chunk=7)
    expected, order = (queries @ bank.T).sort(dim=1, descending=True)
    assert torch.equal(index, order[:, :20])
    torch.testing.assert_close(similarity, expected[:, :20])


def test_scale_of_features_does_not_matter(clusters):
    (train_x, train_y), (test_x, _) = clusters(40), clusters(20, seed=1)
    once = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(9,))
    scaled = weighted_knn(train_x * torch.rand(40, 1).add(0.5), train_y, test_x * 7, num_classes=6, ks=(9,))
    assert torch.equal(once[9][:, 0], scaled[9][:, 0])


def test_tiny_temperature_votes_as_the_nearest_neighbour(clusters):
    (train_x, train_y), (test_x, _) = clusters(40, noise=2.0), clusters(20, noise=2.0, seed=1)
    ours = weighted_knn(train_x, train_y, test_x, num_classes=6, ks=(1, 30), temperature=1e-4)
    assert torch.equal(ours[1][:, 0], ours[30][:, 0])


def test_classes_without_a_vote_come_last_in_order():
    bank = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    ours = weighted_knn(bank, torch.tensor([4, 4, 2]), bank[:1], num_classes=7, ks=(3,))
    assert ours[3].tolist() == [[4, 2, 0]]


@pytest.mark.parametrize('ks', [(), (0,), (5, -1), (11,)])
def test_impossible_k(ks):
    with pytest.raises(ConfigError, match='k-NN'):
        check_ks(ks, bank_size=10)


def test_empty_bank():
    with pytest.raises(DataError, match='The k-NN bank is empty'):
        weighted_knn(torch.empty(0, 4), torch.empty(0, dtype=torch.long), torch.ones(2, 4), num_classes=3, ks=(1,))


def test_k_larger_than_the_bank_is_a_config_error(clusters):
    train_x, train_y = clusters(10)
    with pytest.raises(ConfigError, match='the bank has 10: use a smaller k'):
        weighted_knn(train_x, train_y, train_x, num_classes=6, ks=(10, 200))


def test_user_mistakes(clusters):
    train_x, train_y = clusters(10)
    with pytest.raises(ConfigError, match='temperature'):
        weighted_knn(train_x, train_y, train_x, num_classes=6, ks=(1,), temperature=0)
    with pytest.raises(DataError, match='width: 12 and 11'):
        weighted_knn(train_x, train_y, train_x[:, 1:], num_classes=6, ks=(1,))
    with pytest.raises(DataError, match=r'within 0 \.\. 2, found 0 \.\. 5'):
        weighted_knn(train_x, train_y, train_x, num_classes=3, ks=(1,))
    with pytest.raises(DataError, match='10 of 10 features of the k-NN bank are not finite'):
        weighted_knn(train_x * torch.nan, train_y, train_x, num_classes=6, ks=(1,))


def test_inputs_stay_as_they_are(clusters):
    train_x, train_y = clusters(30)
    before = train_x.clone()
    weighted_knn(train_x, train_y, train_x, num_classes=6, ks=(3,))
    assert torch.equal(train_x, before)


def test_chunks_can_be_watched(clusters):
    train_x, train_y = clusters(30)
    sizes = []

    def watch(chunks):
        for chunk in chunks:
            sizes.append((len(chunk), len(chunks)))
            yield chunk

    weighted_knn(train_x, train_y, train_x, num_classes=6, ks=(3,), chunk=20, watch=watch)
    assert sizes == [(20, 2), (10, 2)]


def test_one_k_may_be_a_number():
    assert check_ks(3, bank_size=3) == [3]
    with pytest.raises(ConfigError, match='k=4'):
        check_ks(4, bank_size=3)
