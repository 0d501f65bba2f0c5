import pytest
import torch
from mmpretrain.models import VisionTransformer

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.layers.position_embedding import sincos_position_embedding
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
SIZE = dict(arch=ARCH, img_size=16, patch_size=4)
IMAGES = torch.randn(3, 3, 16, 16)
variants = pytest.mark.parametrize('with_cls_token', [False, True], ids=['gap', 'cls'])


def build(kind='MAEPrivViT', **kwargs):
    return MODELS.build({'type': kind, **SIZE, **kwargs})


def initialised(**kwargs):
    vit = build(**kwargs)
    vit.init_weights()
    return vit


def test_gap_variant_has_no_class_token_at_all():
    vit = build()
    assert 'cls_token' not in vit.state_dict()
    assert vit.pos_embed.shape == (1, 16, 16)
    assert build(with_cls_token=True).pos_embed.shape == (1, 17, 16)


@variants
def test_latent_has_the_visible_patches_only(with_cls_token):
    latent, mask, ids_restore = build(with_cls_token=with_cls_token)(IMAGES)
    assert latent.shape == (3, 4, 16)
    assert mask.sum(1).tolist() == [12, 12, 12]
    assert ids_restore.shape == (3, 16)


def test_removed_patches_are_rounded_down_where_the_official_mae_rounds_the_visible_ones():
    latent, mask, _ = build(mask_ratio=0.6)(IMAGES)
    assert (latent.shape[1], int(mask[0].sum())) == (7, 9)


def test_one_mask_for_a_batch_or_one_for_each_image():
    noise = torch.rand(3, 16)
    _, shared, _ = build()(IMAGES, noise=noise)
    _, own, _ = build(batched_shuffle=False)(IMAGES, noise=noise)
    assert torch.equal(shared, own[:1].expand_as(own))
    assert not torch.equal(own[0], own[1])


@variants
def test_without_removed_patches_masked_equals_unmasked(with_cls_token):
    vit = initialised(mask_ratio=0.0, with_cls_token=with_cls_token)
    latent, mask, ids_restore = vit(IMAGES)
    assert not mask.any()
    restored = latent.gather(1, ids_restore[..., None].expand(-1, -1, 16))
    whole = vit(IMAGES, mask=None)[0][:, int(with_cls_token) :]
    torch.testing.assert_close(restored, whole, rtol=1e-4, atol=1e-5)


@variants
def test_whole_images_are_encoded_as_by_a_plain_vit(with_cls_token):
    vit = initialised(with_cls_token=with_cls_token)
    plain = VisionTransformer(**SIZE, with_cls_token=with_cls_token, out_type='raw')
    plain.load_state_dict(vit.state_dict())
    torch.testing.assert_close(vit(IMAGES, mask=False)[0], plain(IMAGES)[0], rtol=1e-4, atol=1e-5)


def test_official_initialisation():
    vit = build(with_cls_token=True)
    projection = vit.patch_embed.projection.weight.clone()
    vit.init_weights()
    assert torch.equal(vit.patch_embed.projection.weight, projection), "PyTorch's default stays"
    assert vit.layers[0].attn.qkv.weight.abs().max() <= (6 / (16 + 48)) ** 0.5
    assert not any(vit.layers[1].ffn.layers[0][0].bias)
    assert not vit.layers[0].attn.qkv.bias.any()
    assert 0 < vit.cls_token.abs().max() <= 0.02
    assert torch.equal(vit.pos_embed, sincos_position_embedding(16, (4, 4), rows_first=True))
    assert not vit.pos_embed.requires_grad


def test_finetuning_starts_from_normal_weights_and_a_fixed_table():
    vit = initialised(kind='MAEPrivFineTuneViT')
    assert float(vit.layers[0].attn.qkv.weight.detach().std()) == pytest.approx(0.02, rel=0.2)
    assert torch.equal(vit.pos_embed, sincos_position_embedding(16, (4, 4), rows_first=True))
    assert not vit.pos_embed.requires_grad


@variants
def test_loaded_weights_are_not_overwritten(with_cls_token, tmp_path):
    source = build(with_cls_token=with_cls_token)
    for param in source.parameters():
        torch.nn.init.normal_(param.data)
    torch.save({'state_dict': source.state_dict()}, tmp_path / 'vit.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'vit.pth'))
    vit = initialised(kind='MAEPrivFineTuneViT', with_cls_token=with_cls_token, out_type='raw', init_cfg=init_cfg)
    for name, value in source.state_dict().items():
        assert torch.equal(vit.state_dict()[name], value), name


@variants
def test_larger_images_take_the_table_interpolated(with_cls_token):
    vit = initialised(kind='MAEPrivFineTuneViT', with_cls_token=with_cls_token, out_type='raw')
    plain = VisionTransformer(**{**SIZE, 'img_size': (24, 32)}, with_cls_token=with_cls_token, out_type='raw')
    table = vit.pos_embed[:, int(with_cls_token) :].unflatten(1, (4, 4)).permute(0, 3, 1, 2)
    larger = torch.nn.functional.interpolate(table, (6, 8), mode='bicubic').flatten(2).mT
    plain.load_state_dict(
        vit.state_dict() | {'pos_embed': torch.cat([vit.pos_embed[:, : int(with_cls_token)], larger], 1)}
    )
    images = torch.randn(1, 3, 24, 32)
    torch.testing.assert_close(vit(images), plain(images))


@pytest.mark.parametrize('kind', ['MAEPrivViT', 'MAEPrivFineTuneViT'])
def test_bad_sizes_and_images_are_refused(kind):
    with pytest.raises(ConfigError, match='must be a multiple of patch_size=5'):
        build(kind, patch_size=5)
    vit = build(kind)
    for shape, message in (((1, 3, 18, 16), 'whole 4x4 patches'), ((1, 1, 16, 16), 'convert to RGB')):
        with pytest.raises(DataError, match=message):
            vit(torch.zeros(shape))


@pytest.mark.parametrize('shape', [(1, 3, 32, 32), (1, 3, 16, 20), (1, 3, 8, 8)])
def test_masked_images_have_the_size_of_the_table(shape):
    with pytest.raises(DataError, match='can not be masked by a network for 16x16'):
        build()(torch.zeros(shape))


@pytest.mark.parametrize('ratio', [-0.1, 1.0])
def test_mask_ratio_is_a_share(ratio):
    with pytest.raises(ConfigError, match=f'mask_ratio is {ratio}'):
        build(mask_ratio=ratio)
