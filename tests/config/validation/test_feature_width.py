import pytest

from sslrecipes.config.validation.feature_width import features_have_their_width

NO_CONV5 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
WITH_ALL = dict(type='LinearProbe', backbone=dict(type='ResNet', depth=50, out_indices=(2, 3)), in_channels=3072)


def model(depth, width, place='neck', **backbone):
    parts = {place: dict(in_channels=width)} if place else dict(in_channels=width)
    return dict(model=dict(backbone=dict(type='ResNet', depth=depth, **backbone), **parts))


@pytest.mark.parametrize(('depth', 'width'), [(18, 256), (34, 256), (50, 1024)])
@pytest.mark.parametrize('place', ['neck', 'probe', 'head', ''])
def test_a_network_without_conv5_has_narrower_features(depth, width, place):
    assert not list(features_have_their_width(model(depth, width, place, **NO_CONV5)))
    assert not list(features_have_their_width(model(depth, 2 * width, place)))
    ((sentence, about),) = features_have_their_width(model(depth, 2 * width, place, **NO_CONV5))
    where = f'model.{place}.in_channels'.replace('..', '.')
    assert sentence == (
        f'{where} is {2 * width}, but the backbone ends with stage 3 of {width} channels: set it to {width}.'
    )
    assert about == (where, 'model.backbone')


@pytest.mark.parametrize(
    'cfg',
    [
        dict(),
        dict(model=dict(backbone=dict(type='MobileNetV2'), neck=dict(in_channels=3))),
        dict(model=dict(backbone=dict(type='ResNet', depth=50, expansion=2), neck=dict(in_channels=1024))),
        model(18, 128, base_channels=16),
        dict(model=WITH_ALL | dict(outputs='all')),
        dict(model=dict(backbone=dict(type='ResNet', depth=50), neck=dict(in_channels=2048), head=dict(in_channels=9))),
        dict(model=dict(backbone=dict(type='ResNet', depth='50', out_indices='3'), neck=dict(in_channels=2048))),
    ],
)
def test_what_cannot_be_told_is_left_alone(cfg):
    assert not list(features_have_their_width(cfg))
