import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from sslrecipes.commands.flops import flop_counter


@pytest.mark.parametrize(
    ('convolution', 'macs'),
    [
        (nn.Conv2d(8, 8, 3, padding=1, groups=8), 8 * 9 * 36),
        (nn.Conv2d(8, 16, 3, padding=1, groups=4, stride=2), 16 * 2 * 9 * 9),
        (nn.Conv2d(8, 16, 1), 8 * 16 * 36),
        (nn.ConvTranspose2d(8, 4, 2, stride=2), 8 * 4 * 4 * 36),
    ],
)
@pytest.mark.parametrize('input_needs_gradient', [False, True])
def test_each_gradient_of_a_convolution_costs_a_forward_pass(convolution, macs, input_needs_gradient):
    images = torch.randn(3, 8, 6, 6, requires_grad=input_needs_gradient)
    with flop_counter() as counter:
        convolution(images).sum().backward()
    assert counter.get_total_flops() == (2 + input_needs_gradient) * 2 * 3 * macs


def test_attention_is_two_products_and_five_backward():
    query = torch.randn(2, 3, 10, 8, requires_grad=True)
    product = 2 * 2 * 3 * 10 * 10 * 8
    with flop_counter() as counter:
        output = F.scaled_dot_product_attention(query, query, query)
        assert counter.get_total_flops() == 2 * product
        output.sum().backward()
    assert counter.get_total_flops() == 7 * product
