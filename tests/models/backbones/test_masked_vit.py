import pytest
import torch

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)


def build(**kwargs):
    return MODELS.build(dict(type='MaskedViT', arch=ARCH, img_size=16, patch_size=4, **kwargs))


def test_unmasked_means_unmasked():
    vit, images = build(out_type='raw'), torch.randn(2, 3, 16, 16)
    assert vit(images, mask=False)[0].shape == (2, 17, 16)
    torch.testing.assert_close(vit(images, mask=False)[0], vit(images, mask=None)[0])


def test_without_removed_patches_masked_equals_unmasked():
    vit, images = build(mask_ratio=0.0), torch.randn(2, 3, 16, 16)
    vit.init_weights()
    latent, mask, ids_restore = vit(images)
    assert not mask.any()
    restored = latent[:, 1:].gather(1, ids_restore[..., None].expand(-1, -1, 16))
    torch.testing.assert_close(restored, vit(images, mask=False)[0][:, 1:], rtol=1e-4, atol=1e-5)


def test_mask_follows_the_generator():
    vit, images = build(), torch.randn(2, 3, 16, 16)
    masks = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        masks.append(vit(images)[1])
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_official_initialisation():
    vit = build()
    conv_bias = vit.patch_embed.projection.bias.clone()
    vit.init_weights()
    assert torch.equal(vit.pos_embed, sincos_position_embedding(16, (4, 4)))
    assert not vit.pos_embed.requires_grad
    assert vit.layers[0].attn.qkv.weight.abs().max() <= (6 / (16 + 48)) ** 0.5
    assert not vit.layers[0].ffn.layers[0][0].bias.any()
    assert vit.patch_embed.projection.weight.abs().max() <= (6 / (16 + 48)) ** 0.5
    assert torch.equal(vit.patch_embed.projection.bias, conv_bias), "PyTorch's default stays"
    assert vit.cls_token.abs().max() > 0


def test_loaded_weights_are_not_overwritten(tmp_path):
    source = build()
    for param in source.parameters():
        torch.nn.init.normal_(param.data)
    torch.save({'state_dict': source.state_dict()}, tmp_path / 'vit.pth')
    vit = build(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'vit.pth')))
    vit.init_weights()
    for name, value in source.state_dict().items():
        assert torch.equal(vit.state_dict()[name], value), name


def test_bad_sizes_and_images_are_refused():
    with pytest.raises(ConfigError, match='must be a multiple of patch_size'):
        MODELS.build(dict(type='MaskedViT', arch=ARCH, img_size=16, patch_size=5))
    for shape, message in (
        ((1, 3, 18, 16), 'whole 4x4 patches'),
        ((1, 1, 16, 16), 'convert to RGB'),
        ((1, 3, 32, 32), 'can not be masked by a network for 16x16'),
    ):
        with pytest.raises(DataError, match=message):
            build()(torch.zeros(shape))
