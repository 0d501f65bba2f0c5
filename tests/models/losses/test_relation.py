import math

import torch

from sslrecipes.models.losses.relation import relation_cross_entropy


def test_equal_relations_cost_their_entropy():
    target = torch.randn(2, 3, 2, 8)
    p = target.softmax(-1)
    torch.testing.assert_close(relation_cross_entropy(target, target, 1.0), -(p * p.log()).sum(-1).mean())


def test_flat_prediction_costs_ln_l():
    loss = relation_cross_entropy(torch.zeros(1, 2, 3, 16), torch.randn(1, 2, 3, 16), 1.8)
    assert abs(float(loss) - math.log(16)) < 1e-5


def test_temperature_divides_the_target_only():
    pred, target = torch.randn(1, 2, 3, 4), torch.randn(1, 2, 3, 4)
    torch.testing.assert_close(relation_cross_entropy(pred, target, 2.0), relation_cross_entropy(pred, target / 2, 1.0))
