import copy

import numpy as np
import pytest
import torch
from mmpretrain.models import VisionTransformer
from torch.nn.attention import SDPBackend, sdpa_kernel

from sslrecipes.errors import ConfigError
from sslrecipes.transfer.vitdet import ViTDet
from sslrecipes.transfer.windowed_attention import WindowedAttention, offset_vectors

ARCH = dict(embed_dims=32, num_layers=4, num_heads=2, feedforward_channels=64)
SMALL = dict(arch=ARCH, img_size=32, patch_size=4, window_size=4, global_blocks=2, input_size=48)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def randomise(model):
    """Make every parameter count, those that start at zero or one too."""
    for param in model.parameters():
        param.data += 0.2 * torch.randn_like(param)
    return model


def vitdet(**options):
    model = randomise(ViTDet(**{**SMALL, **options}))
    model.eval()
    return model


def plain_vit(model, **options):
    """mmpretrain's ViT without class token, with the weights of ``model``."""
    size = dict(arch=ARCH, img_size=32, patch_size=4) | options
    plain = VisionTransformer(**size, with_cls_token=False, out_type='featmap', final_norm=False)
    missing, _ = plain.load_state_dict(model.state_dict(), strict=False)
    assert not missing
    plain.eval()
    return plain


def apart(a, b):
    return (a - b).abs().max().item()


@pytest.mark.parametrize('size', [(32, 32), (64, 44), (41, 30)])
def test_without_windows_features_are_those_of_the_plain_vit(size):
    model = vitdet(window_size=None)
    images = torch.randn(2, 3, *size)
    with torch.no_grad():
        (features,) = model(images)
        assert apart(features, plain_vit(model)(images)[0]) <= 1e-5


def test_plain_features_are_those_of_the_plain_vit_and_leave_no_trace():
    model = vitdet(use_rel_pos=True)
    before = copy.deepcopy(model.state_dict())
    images = torch.randn(2, 3, 40, 52)
    with torch.no_grad():
        windowed = model(images)[0]
        assert apart(model.plain_features(images), plain_vit(model)(images)[0]) <= 1e-5
        assert apart(windowed, model.plain_features(images)) > 1e-2
        assert torch.equal(model(images)[0], windowed)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_patches_of_14_pixels():
    size = dict(img_size=56, patch_size=14)
    model, images = vitdet(**size, use_rel_pos=True, input_size=84), torch.randn(1, 3, 84, 100)
    with torch.no_grad():
        assert model(images)[0].shape == (1, 32, 6, 8)
        assert apart(model.plain_features(images), plain_vit(model, **size)(images)[0]) <= 1e-5
    assert model.layers[-1].attn.rel_pos_h.shape == (2 * 84 // 14 - 1, 16)


def test_windows_equal_attention_of_each_window_on_its_own():
    attention = vitdet().layers[0].attn
    tokens = torch.randn(2, 10, 13, 32)
    padded = torch.zeros(2, 12, 16, 32)
    padded[:, :10, :13] = tokens
    expected = torch.zeros_like(padded)
    for top in range(0, 12, 4):
        for left in range(0, 16, 4):
            window = padded[:, top : top + 4, left : left + 4]
            expected[:, top : top + 4, left : left + 4] = attention.attend_plainly(window)
    assert apart(attention(tokens), expected[:, :10, :13]) <= 1e-5


def test_relative_positions_start_without_effect():
    model = ViTDet(**SMALL, use_rel_pos=True)
    without = ViTDet(**SMALL)
    missing, unexpected = without.load_state_dict(model.state_dict(), strict=False)
    assert not missing
    assert len(unexpected) == 8
    assert all(any(part in name for part in ViTDet.new_parameters) for name in unexpected)
    images = torch.randn(1, 3, 52, 40)
    assert apart(model(images)[0], without(images)[0]) <= 1e-5


@pytest.mark.parametrize('size', [(5, 5), (3, 5)])
def test_relative_positions_equal_the_formula(size):
    attention = vitdet(use_rel_pos=True, input_size=20).layers[-1].attn
    height, width = size
    vectors_h, vectors_w = (
        offset_vectors(t, n) for t, n in ((attention.rel_pos_h, height), (attention.rel_pos_w, width))
    )
    tokens = torch.randn(1, height, width, 32)
    q, k, v = attention.qkv(tokens).view(height * width, 3, 2, 16).permute(1, 2, 0, 3)
    logits = torch.empty(2, height * width, height * width)
    for i in range(height * width):
        for j in range(height * width):
            offset = vectors_h[i // width, j // width] + vectors_w[i % width, j % width]
            logits[:, i, j] = (q[:, i] * k[:, j]).sum(-1) / 16**0.5 + q[:, i] @ offset
    expected = attention.proj((logits.softmax(-1) @ v).transpose(0, 1).reshape(1, height, width, 32))
    assert apart(attention(tokens), expected) <= 1e-5


def test_offset_vectors_of_the_learned_size_are_the_table():
    table = torch.randn(7, 3)
    vectors = offset_vectors(table, 4)
    assert torch.equal(vectors[3, 0], table[6])
    assert torch.equal(vectors[1, 1], table[3])
    assert torch.equal(vectors[0, 2], table[1])


@pytest.mark.parametrize('size', [3, 6])
def test_offset_vectors_of_another_size_are_interpolated(size):
    table = torch.randn(7, 1)
    places = (np.arange(2 * size - 1) + 0.5) * 7 / (2 * size - 1) - 0.5
    expected = np.interp(places, np.arange(7), table[:, 0].numpy())
    vectors = offset_vectors(table, size)[..., 0].numpy()
    np.testing.assert_allclose(vectors[:, 0], expected[size - 1 :], atol=1e-6)
    np.testing.assert_allclose(vectors[0, ::-1], expected[:size], atol=1e-6)


def gradients(model, images):
    torch.manual_seed(1)
    model.train()
    model(images)[0].square().mean().backward()
    return {name: param.grad for name, param in model.named_parameters()}


def test_checkpointing_gives_the_same_gradients_and_saves_activations():
    options = dict(use_rel_pos=True, drop_path_rate=0.3)
    images = torch.randn(2, 3, 52, 40)
    model = vitdet(**options)
    frugal = ViTDet(**SMALL, **options, with_cp=True)
    frugal.load_state_dict(model.state_dict())
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor.numel()) or tensor, lambda t: t):
        expected = gradients(model, images)
        kept = len(saved)
        found = gradients(frugal, images)
    assert all(torch.equal(grad, found[name]) for name, grad in expected.items())
    assert len(saved) - kept < kept / 4


def test_every_parameter_gets_a_gradient():
    grads = gradients(vitdet(use_rel_pos=True), torch.randn(1, 3, 40, 40))
    assert all(grad is not None for grad in grads.values())
    assert 'cls_token' not in grads


def test_drop_path_drops_whole_images_not_windows():
    attention = vitdet(drop_path_rate=0.9).layers[2].attn
    assert attention.window_size == 4
    attention.train()
    kept = attention(torch.randn(64, 8, 8, 32)).abs().amax(-1) > 0
    per_image = kept.flatten(1).float().mean(1)
    assert set(per_image.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize('use_rel_pos', [False, True])
def test_fused_kernel_runs_and_no_logits_are_kept(use_rel_pos):
    model = vitdet(use_rel_pos=use_rel_pos)
    model.train()
    saved = []
    with (
        sdpa_kernel(SDPBackend.FLASH_ATTENTION),  # an error where it can't run
        torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor.numel()) or tensor, lambda t: t),
    ):
        model(torch.randn(1, 3, 128, 128))[0].sum().backward()
    assert max(saved) < 1024**2


def test_bfloat16_follows_float32():
    model = vitdet(use_rel_pos=True)
    images = torch.randn(1, 3, 40, 52)
    with torch.no_grad():
        expected = model(images)[0]
        with torch.autocast('cpu', dtype=torch.bfloat16):
            mixed = model(images)[0]
        halved = model.bfloat16()(images.bfloat16())[0]
    assert halved.dtype == torch.bfloat16
    for found in (mixed, halved):
        assert apart(found.float(), expected) < 0.05 * expected.abs().max()


@pytest.mark.parametrize(('arch', 'expected'), [('base', [2, 5, 8, 11]), ('large', [5, 11, 17, 23])])
def test_global_blocks_are_spaced_evenly(arch, expected):
    with torch.device('meta'):
        model = ViTDet(arch)
    assert [i for i, layer in enumerate(model.layers) if layer.attn.window_size is None] == expected
    assert all(isinstance(layer.attn, WindowedAttention) for layer in model.layers)


def test_weights_of_pretraining_fit_by_name_and_shape():
    model, plain = ViTDet(**SMALL), VisionTransformer(ARCH, img_size=32, patch_size=4)
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    offered = {name: value.shape for name, value in plain.state_dict().items()}
    assert shapes.items() <= offered.items()
    assert all(name.startswith(ViTDet.unused_weights) for name in offered.keys() - shapes.keys())


def test_depths_of_relative_positions_are_those_of_their_block():
    model = ViTDet(**SMALL, use_rel_pos=True)
    assert model.get_layer_depth('backbone.layers.2.attn.rel_pos_h', 'backbone.') == (3, 6)
    assert model.get_layer_depth('backbone.pos_embed', 'backbone.') == (0, 6)


@pytest.mark.parametrize('option', ['window_size', 'global_blocks'])
def test_sizes_must_be_positive(option):
    with pytest.raises(ConfigError, match=option):
        ViTDet(**{**SMALL, option: 0})
