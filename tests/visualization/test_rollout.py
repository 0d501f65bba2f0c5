import numpy as np
import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS
from sslrecipes.visualization.attention_maps import record_attention, record_gradients, vit_features
from sslrecipes.visualization.rollout import (
    RolloutOptions,
    attention_rollout,
    discard_smallest,
    fuse_heads,
    gradient_rollout,
    reads_class_token,
    residual_step,
)

ARCH = dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=24)
TOKEN = dict(out_type='cls_token')
GAP = dict(out_type='avg_featmap', final_norm=False, with_cls_token=False)
MEAN_BESIDE_TOKEN = dict(out_type='avg_featmap', final_norm=False)
FUSED = {'max': np.max, 'mean': np.mean, 'min': np.min}


def classifier(read):
    backbone = dict(type='VisionTransformer', arch=ARCH, img_size=16, patch_size=4, **read)
    head = dict(type='LinearClsHead', num_classes=4, in_channels=16)
    model = MODELS.build(dict(type='ImageClassifier', backbone=backbone, head=head))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def full_rollout(fused, ratio, protect):
    """Product of all matrices, first block first, in float64."""
    result = np.eye(fused[0].shape[0])
    for attention in fused:
        kept = attention.copy().ravel()
        smallest = np.argsort(kept, kind='stable')[: int(kept.size * ratio)]
        kept[smallest[smallest > 0] if protect else smallest] = 0
        step = (kept.reshape(attention.shape) + np.eye(len(attention))) / 2
        result = step / step.sum(1, keepdims=True) @ result
    return result


def blocks_as_arrays(blocks, method='maps'):
    """``(L, heads, N, N)`` of a single image."""
    return np.array([[head[0].double().numpy() for head in getattr(block, method)()] for block in blocks])


@pytest.mark.parametrize('fusion', FUSED)
@pytest.mark.parametrize('read', [TOKEN, GAP, MEAN_BESIDE_TOKEN])
def test_a_row_through_the_blocks_equals_the_product_of_matrices(read, fusion):
    model, image = classifier(read), torch.randn(1, 3, 12, 20)
    extra = model.backbone.num_extra_tokens
    fused = FUSED[fusion](blocks_as_arrays(record_attention(model, image)), axis=1)
    rows = full_rollout(fused, 0.6, protect=bool(extra))[:, extra:]
    expected = rows[0] if read is TOKEN else rows[extra:].mean(0)
    actual = attention_rollout(model, image, RolloutOptions(fusion, 0.6))[0]
    np.testing.assert_allclose(actual, expected.reshape(3, 5) / expected.max(), rtol=1e-4, atol=1e-6)
    alone = full_rollout(fused[1:2], 0.6, protect=bool(extra))[:, extra:]
    expected = alone[0] if read is TOKEN else alone[extra:].mean(0)
    actual = attention_rollout(model, image, RolloutOptions(fusion, 0.6, layer=1))[0]
    np.testing.assert_allclose(actual, expected.reshape(3, 5) / expected.max(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('read', [TOKEN, GAP, MEAN_BESIDE_TOKEN])
def test_gradient_rollout_pairs_each_block_with_its_own_gradient(read):
    model, image = classifier(read), torch.randn(1, 3, 12, 20)
    extra = model.backbone.num_extra_tokens
    blocks = record_gradients(model, image, 2)
    weighted = blocks_as_arrays(blocks) * blocks_as_arrays(blocks, 'map_gradients')
    rows = full_rollout(weighted.mean(1).clip(min=0), 0.5, protect=bool(extra))[:, extra:]
    expected = rows[0] if read is TOKEN else rows[extra:].mean(0)
    actual = gradient_rollout(model, image, 2, RolloutOptions(discard_ratio=0.5))[0]
    np.testing.assert_allclose(actual, expected.reshape(3, 5) / expected.max(), rtol=1e-3, atol=1e-5)
    assert not torch.allclose(actual, gradient_rollout(model, image, 1, RolloutOptions(discard_ratio=0.5))[0])


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_maps_of_half_networks_are_ranked_in_float32(dtype):
    model, image = classifier(TOKEN).to(dtype), torch.randn(1, 3, 12, 20).to(dtype)
    block = record_attention(model, image)[0]
    queries, keys, _ = block.attn.qkv(block.tokens).float().unflatten(-1, (3, 2, 8)).permute(2, 3, 0, 1, 4)
    expected = (queries @ keys.mT / 8**0.5).softmax(-1)
    torch.testing.assert_close(torch.stack(list(block.maps())), expected)
    assert attention_rollout(model, image).dtype == gradient_rollout(model, image, 1).dtype == torch.float32


def test_blocks_after_the_last_that_is_read_do_not_count():
    model, image = classifier({**TOKEN, 'out_indices': [1]}), torch.randn(1, 3, 16, 16)
    assert len(record_attention(model, image)) == len(record_gradients(model, image, 1)) == 2
    with pytest.raises(ConfigError, match='no layer 2: the blocks of this ViT are 0 to 1'):
        attention_rollout(model, image, RolloutOptions(layer=2))
    for rollout in (attention_rollout, lambda *args: gradient_rollout(*args, 1)):
        before = rollout(model, image)
        torch.nn.init.ones_(model.backbone.layers[2].attn.qkv.weight)
        torch.testing.assert_close(rollout(model, image), before)


@pytest.mark.parametrize('official', [False, True])
def test_images_of_a_batch_do_not_meet(official):
    model, images = classifier(TOKEN), torch.randn(3, 3, 16, 16)
    options = RolloutOptions('mean', 0.7, official=official)
    for rollout in (attention_rollout, lambda *args: gradient_rollout(*args[:2], 1, args[2])):
        together = rollout(model, images, options)
        alone = torch.cat([rollout(model, image[None], options) for image in images])
        torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(together.amax((1, 2)), torch.ones(3))


def test_the_official_arithmetic_is_another():
    model, image = classifier(TOKEN), torch.randn(1, 3, 16, 16)
    for rollout in (attention_rollout, lambda *args: gradient_rollout(*args[:2], 1, args[2])):
        ours, official = (rollout(model, image, RolloutOptions(official=flag)) for flag in (False, True))
        assert (ours - official).abs().max() > 1e-3


@pytest.mark.parametrize(
    ('read', 'expected'), [(TOKEN, True), (dict(out_type='raw'), True), (GAP, False), (MEAN_BESIDE_TOKEN, False)]
)
def test_what_the_network_reads(read, expected):
    assert reads_class_token(vit_features(classifier(read))) == expected


def test_a_patch_that_all_attend_to_is_the_brightest():
    model = classifier(TOKEN)
    image = torch.zeros(1, 3, 16, 16)
    image[..., 4:8, 8:12] = 3.0
    with torch.no_grad():
        model.backbone.pos_embed.zero_()
        for layer in model.backbone.layers:
            queries, keys, _ = layer.attn.qkv.weight.split(16)
            queries.copy_(torch.eye(16))
            keys.copy_(torch.eye(16))
            layer.attn.qkv.bias.zero_()
        bright = model.backbone.patch_embed(image)[0][0, 6]
        model.backbone.cls_token.copy_(bright)
    mask = attention_rollout(model, image, RolloutOptions(discard_ratio=0.5))[0]
    assert mask.argmax() == 4 + 2
    assert mask[1, 2] > 2 * mask.flatten().sort().values[-2]


def test_only_the_smallest_entries_are_discarded():
    attention = torch.arange(9.0).view(1, 3, 3)
    assert discard_smallest(attention + 1, 0.5, keep_first=False).flatten().tolist() == [0, 0, 0, 0, 5, 6, 7, 8, 9]
    assert discard_smallest(attention + 1, 0.5, keep_first=True).flatten().tolist() == [1, 0, 0, 0, 5, 6, 7, 8, 9]
    assert discard_smallest(attention, 0.1, keep_first=True).equal(attention)  # int(0.9) is none
    assert attention.flatten().tolist() == list(range(9))


def test_heads_are_fused_one_by_one():
    maps = torch.rand(4, 2, 3, 3)
    assert fuse_heads(iter(maps), 'max').equal(maps.amax(0))
    assert fuse_heads(iter(maps), 'min').equal(maps.amin(0))
    torch.testing.assert_close(fuse_heads(iter(maps), 'mean'), maps.mean(0))


def test_rows_of_a_step_sum_to_one_and_officially_do_not():
    attention = torch.rand(2, 4, 4)
    torch.testing.assert_close(residual_step(attention).sum(-1), torch.ones(2, 4))
    official = residual_step(attention, by_column=True)
    half = (attention[0, 1, 2] / 2) / ((attention[0, 2].sum() + 1) / 2)  # entry (1, 2) over the sum of row 2
    torch.testing.assert_close(official[0, 1, 2], half)


def test_nothing_left_is_black_not_nan():
    model = classifier(TOKEN)
    with torch.no_grad():
        model.head.fc.weight.zero_()
    mask = gradient_rollout(model, torch.randn(1, 3, 16, 16), 0)
    assert mask.eq(0).all()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(fusion='maxx'), r'fusion must be one of max, mean, min, not "maxx".* Did you mean "max"\?'),
        (dict(discard_ratio=1.0), r'from 0 to below 1, not 1\.0'),
        (dict(discard_ratio=-0.1), r'from 0 to below 1, not -0\.1'),
        (dict(discard_ratio=float('nan')), r'from 0 to below 1, not nan'),
    ],
)
def test_options_that_can_not_be_meant(options, message):
    with pytest.raises(ConfigError, match=message):
        RolloutOptions(**options)


@pytest.mark.parametrize('layer', [-1, 3])
def test_an_unknown_layer_is_answered_with_the_range(layer):
    model, image = classifier(TOKEN), torch.randn(1, 3, 16, 16)
    for rollout in (attention_rollout, lambda *args: gradient_rollout(*args[:2], 1, args[2])):
        with pytest.raises(ConfigError, match=f'no layer {layer}: the blocks of this ViT are 0 to 2'):
            rollout(model, image, RolloutOptions(layer=layer))
