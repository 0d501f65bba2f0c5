import pytest
import torch

from sslrecipes.models.losses.view_cross_entropy import least_cross_entropy, swapped_cross_entropy
from sslrecipes.models.losses.view_weights import ViewWeights


@pytest.mark.parametrize('num_views', [2, 3, 6])
def test_every_view_against_the_global_views_other_than_itself(num_views):
    targets, logits = torch.randn(2, 4, 5).softmax(2), torch.randn(num_views, 4, 5)
    weights = (0.3,) if num_views == 2 else (0.3, 0.7)
    of_pairs = -torch.einsum('abk,vbk->avb', targets, (logits / 0.2).log_softmax(2)).mean(dim=2)
    expected = 0.3 * (of_pairs[0, 1] + of_pairs[1, 0]) / 2
    if num_views > 2:
        expected = expected + 0.7 * of_pairs[:, 2:].mean()
    loss = swapped_cross_entropy(targets, logits, ViewWeights(weights), temperature=0.2)
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize('num_views', [2, 4])
def test_perfect_predictions_cost_the_least(num_views):
    targets = torch.randn(1, 4, 5).softmax(2).expand(2, -1, -1).requires_grad_()
    weights = ViewWeights((0.3,) if num_views == 2 else (0.3, 0.7))
    least = least_cross_entropy(targets, weights)
    perfect = targets[:1].log().expand(num_views, -1, -1)
    torch.testing.assert_close(least, swapped_cross_entropy(targets, perfect, weights))
    assert not least.requires_grad
