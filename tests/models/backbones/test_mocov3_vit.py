import math

import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=96, num_layers=2, num_heads=4, feedforward_channels=160)
SIZE = dict(img_size=(48, 32), patch_size=8)


def build(kind='MoCoV3ViT', **options):
    return MODELS.build({'type': kind, 'arch': ARCH, **SIZE, **options})


@pytest.fixture(scope='module')
def vit():
    vit = MODELS.build(dict(type='sslrecipes.MoCoV3ViT', arch=ARCH, **SIZE))
    vit.init_weights()
    return vit


def is_uniform(values, bound):
    """Within the bound, up to it, and as spread as uniform values are."""
    assert values.abs().max() <= bound
    assert values.abs().max() > 0.98 * bound
    assert float(values.detach().std()) == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_positions_are_sines_and_cosines_of_row_then_column(vit):
    table = vit.pos_embed
    assert table.shape == (1, 1 + 6 * 4, 96)
    assert not table.requires_grad
    assert not table[0, 0].any()
    for row, column in ((0, 0), (0, 3), (5, 0), (4, 2)):
        for channel in (0, 1, 11, 23):
            angles = [place / 10000 ** (channel / 24) for place in (row, column)]
            expected = [wave(angle) for angle in angles for wave in (math.sin, math.cos)]
            actual = table[0, 1 + row * 4 + column, channel::24].tolist()
            assert actual == pytest.approx(expected, abs=1e-6)


def test_positions_without_a_class_token(vit):
    without = build(with_cls_token=False, out_type='avg_featmap')
    assert torch.equal(without.pos_embed, vit.pos_embed[:, 1:])


def test_ranges_of_initialisation(vit):
    """Queries, keys and values are a matrix each; whatever else is linear is one; biases are zero."""
    linear = {name: part for name, part in vit.named_modules() if isinstance(part, nn.Linear)}
    assert len(linear) == 4 * 2
    for name, part in linear.items():
        assert not part.bias.any(), name
        for matrix in part.weight.chunk(3 if 'qkv' in name else 1):
            is_uniform(matrix, math.sqrt(6 / sum(matrix.shape)))
    is_uniform(vit.patch_embed.projection.weight, math.sqrt(6 / (3 * 8 * 8 + 96)))
    assert not vit.patch_embed.projection.bias.any()
    assert 0 < vit.cls_token.std() < 2e-6
    norms = [part for part in vit.modules() if isinstance(part, nn.LayerNorm)]
    assert len(norms) == 5
    assert all(norm.eps == 1e-6 and bool((norm.weight == 1).all()) and not norm.bias.any() for norm in norms)


def test_only_the_projection_of_patches_is_frozen():
    vit = build(stop_grad_conv1=True)
    vit.init_weights()
    frozen = {name for name, parameter in vit.named_parameters() if not parameter.requires_grad}
    assert frozen == {'pos_embed', 'patch_embed.projection.weight', 'patch_embed.projection.bias'}
    assert vit.patch_embed.projection.weight.any()
    vit.train()
    assert frozen == {name for name, parameter in vit.named_parameters() if not parameter.requires_grad}


def test_forward_is_mmpretrains(vit):
    theirs = build('VisionTransformer')
    theirs.load_state_dict(vit.state_dict())
    images = torch.randn(2, 3, 48, 32)
    torch.testing.assert_close(vit(images)[0], theirs(images)[0])


def test_loaded_weights_stay(vit, tmp_path):
    file = save_torch(tmp_path / 'vit.pth', {name: value + 1 for name, value in vit.state_dict().items()})
    loaded = build(init_cfg=dict(type='Pretrained', checkpoint=str(file)))
    loaded.init_weights()
    for name, value in loaded.state_dict().items():
        torch.testing.assert_close(value, vit.state_dict()[name] + 1)


def test_convolutional_stem():
    """Four halvings with batch norms and doubling widths, then 1 x 1; biases at the end only; everything learns."""
    vit = build(img_size=(48, 32), patch_size=16, conv_stem=True)
    vit.init_weights()
    stem = vit.patch_embed.projection
    convolutions = [part for part in stem if isinstance(part, nn.Conv2d)]
    assert [(part.in_channels, part.out_channels) for part in convolutions] == [
        *((3, 12), (12, 24), (24, 48), (48, 96)),
        (96, 96),
    ]
    assert [(part.kernel_size[0], part.stride[0], part.bias is None) for part in convolutions] == [
        *[(3, 2, True)] * 4,
        (1, 1, False),
    ]
    assert [type(part).__name__ for part in stem] == ['Conv2d', 'BatchNorm2d', 'ReLU'] * 4 + ['Conv2d']
    images = torch.randn(2, 3, 48, 32)
    tokens = stem(images).flatten(2).transpose(1, 2)
    torch.testing.assert_close(vit.patch_embed(images)[0], tokens)
    assert tokens.shape == (2, 3 * 2, 96)
    assert vit.patch_embed(images)[1] == vit.patch_embed.init_out_size == (3, 2)
    assert vit.pos_embed.shape[1] == 1 + 3 * 2
    vit(images)[0].sum().backward()
    assert [
        name for name, parameter in vit.named_parameters() if parameter.requires_grad and parameter.grad is None
    ] == []


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(img_size=50), r'img_size'),
        (dict(conv_stem=True), r'of patches of 16 px'),
        (dict(conv_stem=True, patch_size=16, stop_grad_conv1=True), r'stop_grad_conv1=False'),
        (dict(conv_stem=True, patch_size=16, arch=dict(ARCH, embed_dims=36)), r'divisible by 8, not 36'),
    ],
)
def test_what_can_not_be_meant_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        build(**options)
