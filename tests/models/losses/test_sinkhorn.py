import pytest
import torch

from sslrecipes.models.losses.sinkhorn import sinkhorn


@pytest.fixture
def scores():
    return torch.rand(12, 5) * 2 - 1


def test_samples_are_shared_out_equally(scores):
    codes = sinkhorn(scores, epsilon=0.5, iterations=200)
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(12))
    torch.testing.assert_close(codes.sum(dim=0), torch.full((5,), 12 / 5))


def test_less_smooth_codes_are_sharper(scores):
    sharp, smooth = (sinkhorn(scores, epsilon).max(dim=1).values.mean() for epsilon in (0.05, 1.0))
    assert sharp > smooth + 0.2


def test_a_bonus_for_one_prototype_changes_nothing(scores):
    bonus = torch.tensor([0.5, 0.0, -0.3, 0.0, 0.2])
    torch.testing.assert_close(sinkhorn(scores + bonus), sinkhorn(scores), rtol=1e-3, atol=1e-6)


def test_views_are_assigned_independently(scores):
    views = torch.stack([scores, scores.flip(0) * 0.5])
    torch.testing.assert_close(sinkhorn(views), torch.stack([sinkhorn(view) for view in views]))


def test_float32_without_gradient(scores):
    codes = sinkhorn(scores.half().requires_grad_())
    assert codes.dtype == torch.float32
    assert not codes.requires_grad


def test_an_impossible_prototype_is_not_hidden(scores):
    scores[:, 2] = float('-inf')
    assert sinkhorn(scores).isnan().any()
