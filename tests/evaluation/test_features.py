import pytest
import torch
from mmengine.runner import Runner
from torch import nn

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.evaluation.features import autocast_dtype, evaluating, extract_features
from sslrecipes.models.methods.feature_model import as_feature_model
from sslrecipes.registry import MODELS


def digits_loader(collate='default_collate', shuffle=False, pipeline=None, **kwargs):
    cfg = dict(
        dataset=dict(type='Digits', split='val', indices=23, pipeline=pipeline or [dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=shuffle),
        collate_fn=dict(type=collate),
        batch_size=10,
        num_workers=0,
    )
    return Runner.build_dataloader(cfg | kwargs, seed=0)


@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_features_in_the_order_of_the_data_set(model, collate):
    loader = digits_loader(collate)
    features = extract_features(model, loader)
    assert features.x.shape == (23, 32)
    assert features.x.dtype == torch.float32
    assert features.y.tolist() == loader.dataset.get_gt_labels().tolist()
    image = (loader.dataset[17]['inputs'].float() - 78) / 96
    with torch.no_grad():
        tokens = model.backbone(image[None])[0]
    torch.testing.assert_close(features.x[17], tokens[0, 1:].mean(0))


@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_a_method_in_pretraining_sees_the_whole_image(vit_cfg, collate):
    arch = dict(type='MaskedViT', arch=vit_cfg['arch'], img_size=8, patch_size=4)
    normalisation = dict(type='SelfSupDataPreprocessor', mean=[78.0] * 3, std=[96.0] * 3)
    method = MODELS.build(dict(type='MAE', backbone=arch, data_preprocessor=normalisation))
    method.init_weights()
    plain = MODELS.build(vit_cfg)
    plain.load_state_dict(method.backbone.state_dict())
    expected = as_feature_model(MODELS.build(dict(type='FeatureModel', backbone=plain)), 'avg')
    expected.data_preprocessor = method.data_preprocessor
    ours = extract_features(method, digits_loader(collate))
    torch.testing.assert_close(ours.x, extract_features(expected, digits_loader()).x)


def test_flags_come_back_and_nothing_learns(model):
    model.train()
    model.backbone.layers[0].eval()
    flags = [module.training for module in model.modules()]
    extract_features(model, digits_loader())
    assert [module.training for module in model.modules()] == flags
    assert all(param.grad is None for param in model.parameters())


def test_flags_come_back_after_an_error():
    net = nn.Sequential(nn.Dropout(), nn.Dropout().eval())
    with pytest.raises(RuntimeError), evaluating(net):
        net(torch.zeros(2)).reshape(3)
    assert (net[0].training, net[1].training) == (True, False)


def test_autocast_stays_close(model):
    exact = extract_features(model, digits_loader()).x
    rounded = extract_features(model, digits_loader(), amp_dtype=autocast_dtype('bfloat16')).x
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.05)


def test_user_mistakes(model):
    with pytest.raises(ConfigError, match='shuffle=False'):
        extract_features(model, digits_loader(shuffle=True))
    with pytest.raises(ConfigError, match='drop_last=False'):
        extract_features(model, digits_loader(drop_last=True))
    with pytest.raises(DataError, match='without gt_label'):
        extract_features(model, digits_loader(pipeline=[drop_label, dict(type='PackInputs')]))
    with pytest.raises(ConfigError, match='Did you mean "bfloat16"'):
        autocast_dtype('bfloat')


def drop_label(results):
    return {key: value for key, value in results.items() if key != 'gt_label'}


def test_images_of_different_sizes_are_refused(model):
    def grow(results):
        if results['sample_idx'] == 3:
            results['img'] = results['img'].repeat(2, axis=0)
        return results

    with pytest.raises(DataError, match='one size'):
        extract_features(model, digits_loader('pseudo_collate', pipeline=[grow, dict(type='PackInputs')]))
