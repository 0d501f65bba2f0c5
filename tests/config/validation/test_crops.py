import pytest
from mmengine.config import Config

from sslrecipes.config.validation.crops import crops_fit
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError


def objections(*steps, crop=224):
    pipeline = [dict(type='LoadImageFromFile'), *steps, dict(type='CenterCrop', crop_size=crop)]
    return list(crops_fit(Config(dict(val_dataloader=dict(dataset=dict(pipeline=pipeline))))))


@pytest.mark.parametrize(
    ('resize', 'crop'),
    [
        (dict(type='ResizeEdge', scale=192), 224),
        (dict(type='ResizeEdge', scale=192, edge='short'), (200, 300)),
        (dict(type='ResizeEdge', scale=256, edge='long'), (224, 288)),
        (dict(type='ResizeEdge', scale=200, edge='width'), (224, 100)),
        (dict(type='ResizeEdge', scale=200, edge='height'), (100, 224)),
        (dict(type='Resize', scale=200), 224),
        (dict(type='Resize', scale=(300, 200)), 224),
        (dict(type='Resize', scale=(400, 200), keep_ratio=True), 224),
        (dict(type='Resize', scale=(400, 200)), (100, 300)),
    ],
)
def test_a_crop_that_never_fits_is_an_objection(resize, crop):
    ((sentence, places),) = objections(resize, crop=crop)
    assert f'the crop would be larger than the image: crop_size={crop} after {resize["type"]} to' in sentence
    assert places == ('val_dataloader.dataset.pipeline[2].crop_size', 'val_dataloader.dataset.pipeline[1].scale')


@pytest.mark.parametrize(
    'steps',
    [
        [dict(type='ResizeEdge', scale=224)],
        [dict(type='ResizeEdge', scale=100, edge='width')],
        [dict(type='Resize', scale=(224, 300))],
        [dict(type='ResizeEdge', scale=100), dict(type='Pad', size=(300, 300))],
        [dict(type='ResizeEdge', scale=100), dict(type='ResizeEdge', scale=256)],
        [],
    ],
)
def test_what_may_fit_passes(steps):
    crop = (50, 400) if steps and steps[0].get('edge') == 'width' else 224
    assert objections(*steps, crop=crop) == []


def test_an_upright_image_keeps_its_ratio():
    assert objections(dict(type='Resize', scale=(400, 200), keep_ratio=True), crop=(100, 300)) == []


def test_padding_makes_it_fit():
    steps = [dict(type='ResizeEdge', scale=100), dict(type='CenterCrop', crop_size=224, auto_pad=True)]
    assert list(crops_fit(Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps)))))) == []


def test_recipes_and_their_hooks_are_checked(mae_on_digits):
    steps = [dict(type='ResizeEdge', scale=100), dict(type='CenterCrop', crop_size=224)]
    loader = dict(dataset=dict(type='Digits', pipeline=steps), sampler=dict(type='DefaultSampler'))
    mae_on_digits.custom_hooks = [dict(type='OnlineEvalHook', val_dataloader=loader)]
    with pytest.raises(ConfigError, match=r'custom_hooks\[0\]\.val_dataloader.*larger than the image') as caught:
        check_schema(mae_on_digits)
    assert caught.value.places[1] == 'custom_hooks[0].val_dataloader.dataset.pipeline[0].scale'
