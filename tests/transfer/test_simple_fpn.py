import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.transfer.simple_fpn import SimpleFPN, channel_norm


def test_levels_have_four_to_half_the_size_and_a_sixth_for_the_rpn():
    levels = SimpleFPN(16, 8)((torch.randn(2, 16, 7, 10),))
    assert [tuple(level.shape) for level in levels] == [
        (2, 8, 28, 40),
        (2, 8, 14, 20),
        (2, 8, 7, 10),
        (2, 8, 3, 5),
        (2, 8, 2, 3),
    ]
    assert torch.equal(levels[4], levels[3][:, :, ::2, ::2])


def test_levels_come_from_the_last_map():
    fpn = SimpleFPN(16, 8)
    first, last = torch.randn(1, 16, 4, 4), torch.randn(1, 16, 4, 4)
    assert all(torch.equal(a, b) for a, b in zip(fpn((first, last)), fpn((last,)), strict=True))


def test_scales_and_extra_level_can_be_chosen():
    levels = SimpleFPN(16, 8, scales=(2, 1), extra_level=False)((torch.randn(1, 16, 4, 4),))
    assert [level.shape[-1] for level in levels] == [8, 4]


def test_norm_is_over_the_channels_of_each_place():
    x = torch.randn(2, 5, 3, 4)
    mean, variance = x.mean(1, keepdim=True), x.var(1, unbiased=False, keepdim=True)
    torch.testing.assert_close(channel_norm(5)(x), (x - mean) / (variance + 1e-6).sqrt())


def test_every_parameter_gets_a_gradient():
    fpn = SimpleFPN(16, 8)
    fpn.init_weights()
    sum(level.square().mean() for level in fpn((torch.randn(1, 16, 4, 4),))).backward()
    assert all(param.grad is not None for param in fpn.parameters())


def test_unknown_scale():
    with pytest.raises(ConfigError, match='not 8'):
        SimpleFPN(16, 8, scales=(8, 4))
