import pytest
import torch
from mmpretrain.models.utils import MultiheadAttention
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import MODELS
from sslrecipes.visualization.attention_maps import record_attention, record_gradients, vit_features
from sslrecipes.visualization.rollout import attention_rollout, gradient_rollout

WIDTH, HEADS, DEPTH, CLASSES = 16, 2, 3, 5
ARCH = dict(embed_dims=WIDTH, num_layers=DEPTH, num_heads=HEADS, feedforward_channels=24)
SIZES = dict(arch=ARCH, img_size=16, patch_size=4)
HEAD = dict(type='LinearClsHead', num_classes=CLASSES, in_channels=WIDTH)
PIXELS = dict(num_patches=16, patch_size=4, embed_dim=WIDTH, decoder_embed_dim=8, decoder_depth=1, decoder_num_heads=2)
PIXEL_LOSS = dict(norm_pix=True, patch_size=4, loss=dict(type='PixelReconstructionLoss', criterion='L2'))
WITHOUT_TOKEN = dict(with_cls_token=False, out_type='avg_featmap', final_norm=False)
OUTPUTS = dict(hidden_channels=12, bottleneck_channels=5, out_channels=9)


def vit(kind, **options):
    return dict(type=kind, **SIZES, **options)


def classifier(backbone):
    return dict(type='ImageClassifier', backbone=backbone, head=HEAD)


NETWORKS = {
    'ViT': vit('VisionTransformer'),
    'ViT without token': vit('VisionTransformer', **WITHOUT_TOKEN),
    'ViT with scales and drops': vit(
        'VisionTransformer', layer_scale_init_value=0.3, drop_rate=0.5, drop_path_rate=0.5, qkv_bias=False
    ),
    'MaskedViT': vit('MaskedViT'),
    'TECViT': vit('TECViT'),
    'TECFineTuneViT': vit('TECFineTuneViT', out_type='avg_featmap', final_norm=False),
    'DINOViT': vit('DINOViT', pos_embed_offset=0.1, out_indices=[0, 1, 2]),
    'MAEPrivViT': vit('MAEPrivViT'),
    'MAEPrivViT with token': vit('MAEPrivViT', with_cls_token=True),
    'MAEPrivFineTuneViT': vit('MAEPrivFineTuneViT', out_type='cls_token'),
    'MAE': dict(
        type='MAE',
        backbone=vit('MaskedViT'),
        neck=dict(type='MAEDecoder', **PIXELS),
        head=dict(type='MAEPretrainHead', **PIXEL_LOSS),
    ),
    'MAEPriv': dict(
        type='MAEPriv',
        backbone=vit('MAEPrivViT'),
        neck=dict(type='MAEPrivDecoder', **PIXELS),
        head=dict(type='MAEPrivHead', **PIXEL_LOSS),
    ),
    'TEC': dict(
        type='TEC',
        backbone=vit('TECViT'),
        neck=dict(
            type='TECNeck', embed_dims=WIDTH, num_layers=DEPTH, num_patches=16, decoder_embed_dims=8,
            decoder_num_heads=2, target_heads=2,
        ),
        head=dict(type='TECHead'),
        target_generator=dict(type='TECBaseModel', topk=3, **SIZES),
    ),
    'DINO': dict(
        type='DINO',
        backbone=vit('DINOViT'),
        neck=dict(type='DINONeck', in_channels=WIDTH, **OUTPUTS),
        head=dict(type='DINOHead', out_channels=9, loss_weights=(0.4, 0.6)),
    ),
    'FeatureModel': dict(type='FeatureModel', backbone=vit('MAEPrivViT', with_cls_token=True), final_norm=False),
    'LinearProbe': dict(
        type='LinearProbe', backbone=vit('MaskedViT'), num_classes=CLASSES, lr_scales=(0.5, 1.0), with_bn=True
    ),
    'ImageClassifier': classifier(vit('VisionTransformer', layer_scale_init_value=0.3)),
    'ImageClassifier of MAE': classifier(vit('VisionTransformer', out_type='avg_featmap', final_norm=False)),
    'ImageClassifier of MAE-priv': classifier(vit('MAEPrivFineTuneViT', **WITHOUT_TOKEN)),
}  # fmt: skip
CLASSIFIERS = [name for name in NETWORKS if name.startswith(('LinearProbe', 'ImageClassifier'))]


def build(name):
    model = MODELS.build(NETWORKS[name])
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def wide_images(count=2):
    """Images of another size than the position embedding is for, and not square."""
    return torch.randn(count, 3, 20, 12)


def by_head(tokens):
    return tokens.unflatten(-1, (HEADS, -1)).transpose(1, 2)


@pytest.mark.parametrize('name', NETWORKS)
def test_maps_explain_what_the_fused_attention_gave(name):
    model = build(name)
    model.train()
    attentions = [layer.attn for layer in vit_features(model).backbone.layers]
    given = []
    for attn in attentions:
        attn.proj.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    blocks = record_attention(model, wide_images())
    assert [block.attn for block in blocks] == attentions
    for block, output in zip(blocks, given, strict=True):
        maps = torch.stack(list(block.maps()), dim=1)
        values = by_head(block.attn.qkv(block.tokens)[..., 2 * WIDTH :])
        torch.testing.assert_close(maps @ values, by_head(output), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(maps.sum(-1), torch.ones(maps.shape[:3]))
        assert maps.std(dim=-1).mean() > 1e-3
    assert attention_rollout(model, wide_images()).shape == (2, 5, 3)


@pytest.mark.parametrize('name', CLASSIFIERS)
def test_gradients_are_those_of_an_unfused_pass(name):
    model, images = build(name).train(), wide_images()
    blocks = record_gradients(model, images, category=3)
    maps, logits = unfuse(model.backbone)
    model.eval()
    if name == 'LinearProbe':
        pooled = model.neck(model.extract_feat(images.requires_grad_()))
        scores = (model.heads[0](pooled) + model.heads[1](pooled)) / 2
    else:
        scores = model(images.requires_grad_())
    expected = torch.autograd.grad(scores[:, 3].sum(), maps + logits)
    for i, block in enumerate(blocks):
        for actual, wanted in ((block.map_gradients(), i), (block.logit_gradients(), DEPTH + i)):
            torch.testing.assert_close(torch.stack(list(actual), dim=1), expected[wanted], rtol=1e-3, atol=1e-6)
    assert gradient_rollout(build(name), images, 3).shape == (2, 5, 3)


def unfuse(vit):
    """Let a ViT compute its maps itself; returns the lists that collect maps and what their softmax is taken of."""
    maps, logits = [], []

    def forward(attn, x):
        q, k, v = (by_head(part) for part in attn.qkv(x).chunk(3, dim=-1))
        logits.append(q @ k.transpose(-2, -1) / (WIDTH / HEADS) ** 0.5)
        maps.append(logits[-1].softmax(-1))
        return attn.gamma1(attn.proj((maps[-1] @ v).transpose(1, 2).flatten(2)))

    for layer in vit.layers:
        layer.attn.forward = lambda x, attn=layer.attn: forward(attn, x)
    return maps, logits


class MapSizes(TorchDispatchMode):
    """Collects the number of elements of all results that end in ``tokens x tokens``."""

    def __init__(self, tokens):
        super().__init__()
        self.tokens, self.sizes = tokens, set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, torch.Tensor) and value.shape[-2:] == (self.tokens, self.tokens):
                self.sizes.add(value.numel())
        return result


@pytest.mark.parametrize('category', [None, 1])
def test_no_more_than_one_map_per_image_exists_at_a_time(category):
    model = build('ImageClassifier')
    tokens = 1 + 5 * 3
    with MapSizes(tokens) as seen:
        if category is None:
            attention_rollout(model, wide_images())
        else:
            gradient_rollout(model, wide_images(), category)
    assert max(seen.sizes) == 2 * tokens**2  # neither heads nor blocks side by side


@pytest.mark.parametrize('name', ['ImageClassifier', 'LinearProbe', 'MAE'])
def test_the_model_is_left_as_it_was(name):
    model, images = build(name).train(), wide_images()
    model.backbone.layers[1].eval()
    model.backbone.layers[0].requires_grad_(False)
    states = state_of(model)
    attention_rollout(model, images)
    if name in CLASSIFIERS:
        gradient_rollout(model, images, 1)
    assert state_of(model) == states
    assert not images.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    record_attention(model, images)
    assert not any(module._forward_pre_hooks for module in model.modules())


def state_of(model):
    flags = [parameter.requires_grad for parameter in model.parameters()]
    return [module.training for module in model.modules()], flags, torch.get_rng_state().tolist()


def test_gradients_are_there_although_everything_is_frozen_and_autograd_off():
    model = build('ImageClassifier').requires_grad_(False)
    with torch.no_grad():
        blocks = record_gradients(model, wide_images(), 0)
    assert all(block.gradient.abs().sum() > 0 for block in blocks)


def test_a_scale_of_its_own_is_respected():
    model = MODELS.build(NETWORKS['ViT'])
    model.layers[1].attn = MultiheadAttention(WIDTH, HEADS, qk_scale=0.7)
    given = []
    model.layers[1].attn.proj.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    block = record_attention(model, wide_images())[1]
    values = by_head(block.attn.qkv(block.tokens)[..., 2 * WIDTH :])
    torch.testing.assert_close(torch.stack(list(block.maps()), dim=1) @ values, by_head(given[0]), rtol=1e-4, atol=1e-5)


def test_networks_without_maps_are_refused():
    cnn = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4, in_channels=3)
    with pytest.raises(ConfigError, match='ResNet has no maps of attention between all patches'):
        record_attention(MODELS.build(dict(type='FeatureModel', backbone=cnn)), wide_images())
    beit = dict(type='BEiTViT', arch=ARCH, img_size=16, patch_size=4)
    with pytest.raises(ConfigError, match='BEiTViT has no maps'):
        record_attention(MODELS.build(dict(type='FeatureModel', backbone=beit)), wide_images())
    with pytest.raises(ConfigError, match='Linear has no backbone'):
        record_attention(nn.Linear(1, 1), wide_images())


def test_gradients_need_a_classifier_and_one_of_its_classes():
    for name in ('MAE', 'FeatureModel', 'ViT'):
        with pytest.raises(ConfigError, match='has no classifier, whose score gradient rollout needs'):
            record_gradients(build(name), wide_images(), 0)
    headless = MODELS.build(dict(type='ImageClassifier', backbone=vit('VisionTransformer')))
    with pytest.raises(ConfigError, match='ImageClassifier has no classifier'):
        record_gradients(headless, wide_images(), 0)
    for category in (-1, CLASSES):
        with pytest.raises(ConfigError, match=f'no category {category}: the classes are 0 to 4'):
            record_gradients(build('ImageClassifier'), wide_images(), category)


@pytest.mark.parametrize('name', ['ViT', 'MAEPrivViT', 'DINO'])
def test_images_that_do_not_fit_are_refused(name):
    model = build(name)
    with pytest.raises(DataError, match='18x12 pixels do not consist of whole 4x4 patches'):
        record_attention(model, torch.randn(1, 3, 18, 12))
    with pytest.raises(DataError, match='convert to RGB'):
        record_attention(model, torch.randn(1, 1, 16, 16))
    assert not any(module._forward_pre_hooks for module in model.modules())
