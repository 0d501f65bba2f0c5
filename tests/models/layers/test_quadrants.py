"""Pooling by quadrants against resizing and pooling."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.layers.quadrants import by_quadrant, pool_quadrants


@pytest.mark.parametrize('size', [(7, 7), (4, 4), (8, 8), (5, 6), (1, 1), (14, 7)])
def test_pooling_is_that_of_the_resized_map(size):
    maps = torch.randn(3, 5, *size, requires_grad=True)
    weights = torch.randn(3, 5, 2, 2)
    pooled = pool_quadrants(maps)
    expected = F.adaptive_avg_pool2d(F.interpolate(maps, (8, 8), mode='bilinear', align_corners=False), 2)
    torch.testing.assert_close(pooled, expected, rtol=1e-5, atol=1e-6)
    ours, theirs = (torch.autograd.grad((one * weights).sum(), maps)[0] for one in (pooled, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_weights_of_seven_rows():
    rows = pool_quadrants(torch.eye(7)[None, :, :, None].expand(1, 7, 7, 7))[0, :, 0, 0]
    assert (64 * rows).tolist() == pytest.approx([19, 18, 18, 9, 0, 0, 0])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_stays_so(dtype):
    assert pool_quadrants(torch.ones(1, 1, 7, 7, dtype=dtype)).dtype == dtype


def test_rows_are_in_the_order_of_the_quadrants():
    pooled = torch.arange(2 * 4).view(2, 1, 2, 2)
    assert by_quadrant(pooled).flatten().tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
