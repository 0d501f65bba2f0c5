import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32)


def build(kind='DINOViT', **options):
    return MODELS.build(dict(type=kind, arch=ARCH, img_size=32, patch_size=8, **options))


@pytest.mark.parametrize('size', [(32, 32), (16, 16), (40, 24)])
@pytest.mark.parametrize('options', [
    dict(out_type='cls_token'),
    dict(out_type='raw'),
    dict(out_type='featmap', with_cls_token=False),
    dict(out_type='avg_featmap', final_norm=False, pre_norm=True),
])  # fmt: skip
def test_last_block_without_offset_is_mmpretrains(size, options):
    ours, theirs = build(**options), build('VisionTransformer', **options)
    ours.init_weights()
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(2, 3, *size)
    ours.eval()
    theirs.eval()
    torch.testing.assert_close(ours(images), theirs(images))


def test_every_output_passes_the_final_norm():
    several, last = build(out_indices=(0, 2)), build()
    several.init_weights()
    last.load_state_dict(several.state_dict())
    first, second = several(images := torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(second, last(images)[0])
    assert first.shape == (2, 16)
    torch.testing.assert_close(first.mean(dim=1), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(first.std(dim=1, unbiased=False), torch.ones(2), rtol=0, atol=1e-2)
    several.final_norm = False
    assert not torch.allclose(several(images)[0], first)


def test_offset_changes_only_other_sizes_than_the_own():
    plain, official = build(), build(pos_embed_offset=0.1)
    plain.init_weights()
    official.load_state_dict(plain.state_dict())
    native, small = torch.randn(1, 3, 32, 32), torch.randn(1, 3, 16, 16)
    assert torch.equal(plain(native)[0], official(native)[0])
    assert not torch.allclose(plain(small)[0], official(small)[0])
    official(small)[0][:, 0].sum().backward()
    assert official.pos_embed.grad.abs().sum() > 0


@pytest.mark.parametrize('offset', [-0.1, 1.0])
def test_offset_out_of_range(offset):
    with pytest.raises(ConfigError, match='pos_embed_offset'):
        build(pos_embed_offset=offset)


def test_official_initialisation():
    vit = MODELS.build(dict(type='DINOViT', arch='deit-tiny', img_size=224, patch_size=16))
    convolution = vit.patch_embed.projection.weight.clone()
    vit.init_weights()
    assert torch.equal(vit.patch_embed.projection.weight, convolution)
    for weight in [layer.weight for layer in vit.modules() if isinstance(layer, nn.Linear)] + [vit.pos_embed]:
        assert 0.018 < weight.std() < 0.022
    assert 0.015 < vit.cls_token.std() < 0.025
    assert not any(layer.bias.any() for layer in vit.modules() if isinstance(layer, nn.Linear))
    assert all(layer.eps == 1e-6 for layer in vit.modules() if isinstance(layer, nn.LayerNorm))


def test_loaded_weights_stay(tmp_path):
    vit = build()
    vit.init_weights()
    save_torch(tmp_path / 'vit.pth', {'state_dict': vit.state_dict()})
    loaded = build(init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'vit.pth')))
    loaded.init_weights()
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in vit.state_dict().items())


def test_stochastic_depth_grows_linearly():
    vit = build(drop_path_rate=0.2)
    assert [layer.attn.out_drop.drop_prob for layer in vit.layers] == pytest.approx([0.0, 0.1, 0.2])
    assert [layer.ffn.dropout_layer.drop_prob for layer in vit.layers] == pytest.approx([0.0, 0.1, 0.2])
