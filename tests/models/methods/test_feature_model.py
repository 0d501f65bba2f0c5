import pytest
import torch

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.feature_model import FeatureModel, as_feature_model
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)
IMAGES = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def vit(backbone='VisionTransformer', **kwargs):
    return dict(type=backbone, arch=ARCH, img_size=16, patch_size=8, out_type='raw', **kwargs)


def build(backbone, **kwargs):
    model = FeatureModel(backbone, **kwargs).eval()
    model.init_weights()
    if isinstance(backbone, dict):
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.LayerNorm)):
            torch.nn.init.normal_(norm.weight, 1.0, 0.2)
    return model


@torch.no_grad()
def test_pools_of_tokens():
    tokens = build(vit()).backbone  # (3, 1 + 4, 32), after the final norm
    pooled = {pool: build(tokens, pool=pool)(IMAGES) for pool in ('auto', 'cls', 'avg')}
    output = tokens(IMAGES)[0]
    assert torch.equal(pooled['cls'], output[:, 0])
    assert torch.equal(pooled['auto'], output[:, 0])
    torch.testing.assert_close(pooled['avg'], output[:, 1:].mean(1))


@torch.no_grad()
def test_without_final_norm_the_last_block_is_pooled():
    model = build(vit(), pool='avg', final_norm=False)
    seen = {}
    model.backbone.layers[-1].register_forward_hook(lambda _, __, output: seen.update(tokens=output))
    torch.testing.assert_close(model(IMAGES), seen['tokens'][:, 1:].mean(1))
    assert 'backbone.ln1.weight' in model.state_dict()


@torch.no_grad()
def test_without_class_token_auto_is_the_mean():
    model = build(vit(with_cls_token=False))
    torch.testing.assert_close(model(IMAGES), model.backbone(IMAGES)[0].mean(1))
    with pytest.raises(ConfigError, match='class token'):
        build(vit(with_cls_token=False), pool='cls')(IMAGES)


@torch.no_grad()
def test_feature_map_of_a_resnet_is_averaged():
    model = build(dict(type='ResNet', depth=18, out_indices=(2, 3)))
    torch.testing.assert_close(model(IMAGES), model.backbone(IMAGES)[-1].mean((2, 3)))
    with pytest.raises(ConfigError, match='class token'):
        build(model.backbone, pool='cls')(IMAGES)


@pytest.mark.parametrize('backbone', ['MaskedViT', 'TECViT'])
@torch.no_grad()
def test_masked_backbones_see_the_whole_image(backbone):
    model = build(vit(backbone), pool='avg')
    assert torch.equal(model(IMAGES), model(IMAGES))
    if backbone == 'MaskedViT':
        plain = build(vit(), pool='avg')
        plain.load_state_dict(model.state_dict())
        torch.testing.assert_close(model(IMAGES), plain(IMAGES))


@pytest.mark.parametrize(('out_type', 'pool'), [('cls_token', 'cls'), ('avg_featmap', 'avg'), ('cls_token', 'auto')])
def test_features_pooled_by_the_backbone_pass_through(out_type, pool):
    model = build(vit() | dict(out_type=out_type), pool=pool)
    assert torch.equal(model(IMAGES), model.backbone(IMAGES)[0])


@torch.no_grad()
def test_all_outputs_side_by_side():
    backbone = dict(type='DINOViT', arch=ARCH, img_size=16, patch_size=8, out_indices=(0, 1), out_type='cls_token')
    model = build(backbone, outputs='all')
    outputs = model.backbone(IMAGES)
    assert model(IMAGES).shape == (3, model.feature_channels)
    assert torch.equal(model(IMAGES), torch.cat(outputs, dim=1))
    assert torch.equal(build(model.backbone)(IMAGES), outputs[1])
    resnet = build(dict(type='ResNet', depth=18, out_indices=(2, 3)), outputs='all')
    assert resnet(IMAGES).shape == (3, 256 + 512)
    assert resnet.feature_channels is None


def test_user_mistakes():
    with pytest.raises(ConfigError, match=r'outputs must be one of last, all.*Did you mean "all"'):
        FeatureModel(vit(), outputs='al')
    with pytest.raises(ConfigError, match='Did you mean "avg"'):
        FeatureModel(vit(), pool='average')
    with pytest.raises(ConfigError, match='set out_type="raw"'):
        FeatureModel(vit() | dict(out_type='cls_token'), pool='avg')
    with pytest.raises(ConfigError, match='no final norm'):
        FeatureModel(dict(type='ResNet', depth=18), final_norm=False)
    with pytest.raises(ConfigError, match='LinearProbe'):
        FeatureModel(vit())(IMAGES, mode='loss')
    with pytest.raises(ConfigError, match='no backbone'):
        as_feature_model(torch.nn.Linear(2, 2))


def test_view_of_a_method_shares_its_backbone():
    method = MODELS.build(dict(type='MAE', backbone=vit('MaskedViT')))
    view = as_feature_model(method, 'avg')
    assert view.backbone is method.backbone
    assert view.data_preprocessor is method.data_preprocessor
    assert as_feature_model(view, 'cls') is view


def test_weights_of_a_method_fill_the_model(tmp_path):
    method = build(vit('MaskedViT'))
    torch.save(dict(state_dict=method.state_dict()), tmp_path / 'method.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'method.pth'), prefix='backbone.')
    model = FeatureModel(vit(init_cfg=init_cfg), pool='avg')
    model.init_weights()
    torch.testing.assert_close(model.eval()(IMAGES), build(method.backbone, pool='avg')(IMAGES))
