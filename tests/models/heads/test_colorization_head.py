import pytest
import torch

from sslrecipes.models.heads import ColorizationHead


def test_defaults_are_the_papers_but_for_the_prior_which_moves():
    head = ColorizationHead(100)
    head.init_weights()
    assert (head.num_neighbours, head.sigma, head.uniform_share, head.prior_momentum) == (5, 5.0, 0.5, 0.99)
    assert float(head.classify.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert not head.classify.bias.any()


def test_a_place_is_told_rightly_by_its_nearest_bin():
    head = ColorizationHead(3)
    torch.nn.init.zeros_(head.classify.weight)
    head.classify.bias.data.zero_()[100] = 1
    colours = head.bins[torch.tensor([100, 100, 100, 200])].T.view(1, 2, 2, 2)
    _, accuracy = head.loss(torch.zeros(1, 3, 2, 2), colours)
    assert accuracy == 75


def test_the_prior_keeps_most_of_itself_in_a_step():
    head = ColorizationHead(3, num_neighbours=1)
    head.loss(torch.zeros(1, 3, 2, 2), head.bins[torch.full((4,), 100)].T.view(1, 2, 2, 2))
    expected = torch.full((261,), 0.99 / 261)
    expected[100] += 0.01
    torch.testing.assert_close(head.prior, expected)
