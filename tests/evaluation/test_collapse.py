import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.collapse import (
    Limits,
    Look,
    assignment_statistics,
    effective_rank,
    embedding_std,
    look_at,
)


def test_std_is_1_on_the_sphere_and_0_at_a_point():
    assert embedding_std(torch.randn(2000, 64)) == pytest.approx(1, abs=0.02)
    assert embedding_std(torch.randn(1, 64).expand(10, -1) * torch.rand(10, 1)) == pytest.approx(0, abs=1e-6)
    rows = torch.rand(30, 7)
    unit = (rows / rows.norm(dim=1, keepdim=True)).double().numpy()
    assert embedding_std(rows) == pytest.approx(unit.std(axis=0, ddof=1).mean() * math.sqrt(7), rel=1e-5)


@pytest.mark.parametrize('shape', [(40, 12), (12, 40)])
def test_rank_is_the_exponential_of_the_entropy_of_singular_values(shape):
    rows = torch.randn(shape) * torch.rand(shape[1])
    values = np.linalg.svd(rows.double().numpy(), compute_uv=False)
    assert effective_rank(rows) == pytest.approx(math.exp(entropy(values)), rel=1e-5)


def test_rank_counts_dimensions():
    assert effective_rank(torch.eye(8)) == pytest.approx(8)
    assert effective_rank(torch.randn(50, 3) @ torch.randn(3, 64)) < 3.001
    assert effective_rank(torch.ones(50, 64)) == pytest.approx(1, abs=1e-3)
    assert effective_rank(torch.zeros(50, 64)) == pytest.approx(1)


def test_assignments_in_shares_of_ln_k():
    certain = assignment_statistics(torch.eye(8).repeat(3, 1))
    assert certain == pytest.approx((1, 0, 1))
    same = assignment_statistics(torch.eye(8)[:1].repeat(30, 1))
    assert same == pytest.approx((0, 0, 1))
    uniform = assignment_statistics(torch.full((30, 8), 5.0))
    assert uniform == pytest.approx((1, 1, 1))
    few = assignment_statistics(torch.eye(64)[:4])
    assert few.usage == pytest.approx(few.attainable) == pytest.approx(math.log(4) / math.log(64))
    rows = torch.rand(30, 8).softmax(dim=1)
    usage, doubt, _ = assignment_statistics(rows)
    assert usage == pytest.approx(entropy(rows.mean(0).numpy()) / math.log(8), rel=1e-5)
    assert doubt == pytest.approx(entropy(rows.numpy(), axis=1).mean() / math.log(8), rel=1e-5)


def test_reasons_of_each_kind_of_collapse():
    healthy = torch.randn(100, 16)
    spread, uniform = torch.eye(10).repeat(10, 1), torch.full((100, 10), 0.1)
    one = torch.eye(10)[:1].repeat(100, 1)
    cases = [
        (healthy, spread, []),
        (healthy, None, []),
        (1 + 0.05 * torch.randn(100, 64), spread, ['hardly differ']),
        (torch.randn(100, 2) @ torch.randn(2, 16), None, ['of 16 dimensions']),
        (healthy, one, ['the same prototypes']),
        (healthy, uniform, ['assigned alike']),
        (torch.ones(100, 16), one, ['hardly differ', 'of 16 dimensions', 'the same prototypes']),
        (None, None, []),
        (healthy[:1], spread[:1], []),
        (healthy * torch.nan, spread * torch.nan, []),
    ]
    for embeddings, assignments, expected in cases:
        found = Limits().reasons(look_at(embeddings, assignments, loss=1.0))
        assert len(found) == len(expected), found
        assert all(part in reason for part, reason in zip(expected, found, strict=True))


def test_few_rows_alone_are_no_collapse():
    look = look_at(torch.randn(2, 64), torch.eye(64)[:4], loss=1.0)
    assert look.rank < Limits().rank
    assert look.usage < 0.4
    assert Limits().reasons(look) == []


def test_limits_are_options():
    look = Look(0.5, 10.0, 64.0, math.nan, math.nan, math.nan, 1.0)
    assert Limits.of(None).reasons(look) == []
    assert len(Limits.of({'std': 0.6, 'rank': 12}).reasons(look)) == 2
    with pytest.raises(ConfigError, match='Did you mean "usage"'):
        Limits.of({'usages': 0.1})
