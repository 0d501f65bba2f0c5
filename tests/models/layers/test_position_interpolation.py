import numpy as np
import pytest
import torch

from sslrecipes.models.layers.position_interpolation import interpolate_positions


def cubic_weights(target, source, offset):
    """Weights ``(target, source)`` of cubic convolution, a = -0.75, at (i + 0.5) * source / (target + offset) - 0.5."""
    places = (np.arange(target) + 0.5) * source / (target + offset) - 0.5
    weights = np.zeros((target, source))
    for row, place in enumerate(places):
        for point in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
            x = abs(place - point)
            near, far = 1.25 * x**3 - 2.25 * x**2 + 1, -0.75 * (x**3 - 5 * x**2 + 8 * x - 4)
            weights[row, np.clip(point, 0, source - 1)] += near if x <= 1 else far
    return weights


@pytest.mark.parametrize('offset', [0.0, 0.1, 0.7])
@pytest.mark.parametrize('target', [(6, 8), (14, 5), (20, 14)])
def test_formula(target, offset):
    embedding = torch.randn(1, 1 + 14 * 14, 3)
    resized = interpolate_positions(embedding, (14, 14), target, offset)
    assert torch.equal(resized[:, 0], embedding[:, 0])
    rows, columns = (cubic_weights(size, 14, offset) for size in target)
    grid = embedding[0, 1:].view(14, 14, 3).double().numpy()
    expected = np.einsum('ih,jw,hwc->ijc', rows, columns, grid).reshape(-1, 3)
    np.testing.assert_allclose(resized[0, 1:].numpy(), expected, rtol=0, atol=1e-4)


def test_own_grid_is_left_alone():
    embedding = torch.randn(1, 2 + 12, 3)
    assert interpolate_positions(embedding, (3, 4), (3, 4), 0.1, extra_tokens=2) is embedding


def test_extra_tokens_and_type_stay():
    embedding = torch.randn(1, 2 + 12, 3, dtype=torch.bfloat16)
    resized = interpolate_positions(embedding, (3, 4), (4, 3), 0.1, extra_tokens=2)
    assert resized.dtype == torch.bfloat16
    assert torch.equal(resized[:, :2], embedding[:, :2])
    assert interpolate_positions(embedding[:, 2:], (3, 4), (4, 3), extra_tokens=0).shape == (1, 12, 3)
