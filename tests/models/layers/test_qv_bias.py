import copy

import torch
from mmpretrain.models import VisionTransformer
from mmpretrain.models.utils import MultiheadAttention

from sslrecipes.models.layers.qv_bias import QVBiasAttention, QVBiasLinear, without_key_bias

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)


def plain_twin(attention):
    """mmpretrain's attention with the same weights, the bias of keys included."""
    twin = MultiheadAttention(16, 2)
    twin.load_state_dict(attention.state_dict())
    return twin


def test_equals_upstream_whatever_the_key_bias_is():
    attention, x = QVBiasAttention(16, 2), torch.randn(3, 5, 16)
    torch.nn.init.normal_(attention.qkv.bias)
    torch.testing.assert_close(attention(x), plain_twin(attention)(x), rtol=1e-4, atol=1e-6)


def test_gradients_equal_upstream_but_for_the_keys():
    attention, x = QVBiasAttention(16, 2), torch.randn(3, 5, 16)
    twin = plain_twin(attention)
    for module in (attention, twin):
        module(x).square().sum().backward()
    ours, theirs = attention.qkv.bias.grad, twin.qkv.bias.grad
    torch.testing.assert_close(attention.qkv.weight.grad, twin.qkv.weight.grad, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ours[:16], theirs[:16], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(ours[32:], theirs[32:], rtol=1e-4, atol=1e-6)
    assert not ours[16:32].any()


def test_key_bias_stays_zero_under_adam_also_in_a_copy():
    layer = QVBiasLinear(4)
    torch.nn.init.zeros_(layer.bias)
    copied = copy.deepcopy(layer)
    optimizer = torch.optim.AdamW(copied.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        copied(torch.randn(2, 4)).square().sum().backward()
        optimizer.step()
    assert copied.bias[:4].all()
    assert not copied.bias[4:8].any()
    assert list(layer.state_dict()) == ['weight', 'bias']


def test_parts_of_the_built_attention_are_kept():
    vit = VisionTransformer(ARCH, img_size=8, patch_size=4, drop_rate=0.1, drop_path_rate=0.2)
    built = [layer.attn for layer in vit.layers]
    without_key_bias(vit.layers)
    for layer, before in zip(vit.layers, built, strict=True):
        assert isinstance(layer.attn, QVBiasAttention)
        assert layer.attn.out_drop is before.out_drop
        assert layer.attn.proj_drop is before.proj_drop
        assert not layer.attn.qkv.bias.any()


def test_attention_without_any_bias_is_left_alone():
    vit = VisionTransformer(ARCH, img_size=8, patch_size=4, qkv_bias=False)
    before = [layer.attn for layer in vit.layers]
    without_key_bias(vit.layers)
    assert [layer.attn for layer in vit.layers] == before
