import pytest
import torch

from sslrecipes.models.losses.view_cross_entropy import swapped_cross_entropy
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
