import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.view_weights import ViewWeights


def scalars(*values):
    return [torch.tensor(float(value)) for value in values]


def test_weights_multiply_means():
    assert ViewWeights((0.4, 0.6))(scalars(1, 3), scalars(5, 6, 7, 10)).item() == pytest.approx(0.4 * 2 + 0.6 * 7)


def test_baseline_weights_are_the_mean_over_all_pairs():
    between, locals_ = scalars(1, 2), scalars(*range(12))
    loss = ViewWeights((1 / 7, 6 / 7))(between, locals_)
    torch.testing.assert_close(loss, torch.stack(between + locals_).mean())


def test_without_locals_one_weight_is_enough():
    weights = ViewWeights([2])
    weights.check(2)
    assert weights(scalars(1, 3)).item() == 4


@pytest.mark.parametrize('weights', [(), (1, 1, 1), (0.5, -0.1)])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ConfigError, match='loss_weights are'):
        ViewWeights(weights)


@pytest.mark.parametrize(
    ('weights', 'views', 'message'),
    [
        ((0.4, 0.6), 2, 'has 2 numbers, but 0 local views need 1'),
        ((1.0,), 8, 'has 1 numbers, but 6 local views need 2'),
        ((1.0,), 1, 'needs 2 global views per image, the data gives 1'),
    ],
)
def test_numbers_of_views_that_do_not_fit_are_refused(weights, views, message):
    with pytest.raises(ConfigError, match=message):
        ViewWeights(weights).check(views)
