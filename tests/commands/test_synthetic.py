from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from sslrecipes.commands.synthetic import mid_run, multi_crop_options, synthetic_batch, view_sizes
from sslrecipes.config.loading import load_config
from sslrecipes.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / 'configs'


def recipe(*transforms, **model):
    return Config(dict(model=model, train_dataloader=dict(dataset=dict(pipeline=[*transforms]))))


@pytest.mark.parametrize(
    ('name', 'sizes'),
    [
        ('sslight/dino-sslight_resnet18_8xb128-coslr-200e_in1k.py', [224] * 2 + [128] * 6),
        ('sslight/dino-baseline_vit-tiny-p16_8xb128-coslr-200e_in1k.py', [224] * 2 + [96] * 10),
        ('mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py', [224]),
        ('pretext/jigsaw_resnet50_8xb32-coslr-200e_in1k-225px.py', [64] * 9),
    ],
)
def test_views_have_the_sizes_of_the_recipe(name, sizes):
    cfg = load_config(CONFIGS / name)
    assert view_sizes(cfg) == sizes
    inputs = synthetic_batch(cfg, 2)['inputs']
    views = inputs if isinstance(inputs, list) else [inputs]
    assert isinstance(inputs, list) == (len(sizes) > 1)
    assert [tuple(view.shape) for view in views] == [(2, 3, side, side) for side in sizes]
    assert {view.dtype for view in views} == {torch.uint8}


def test_options_left_out_are_those_of_multi_crop():
    cfg = recipe(dict(type='MultiCrop', num_locals=1))
    assert multi_crop_options(cfg) == {'num_locals': 1}
    assert view_sizes(cfg) == [224, 224, 96]


def test_the_last_transform_decides_where_the_backbone_does_not():
    transforms = dict(type='Resize', scale=40), dict(type='RandomCrop', crop_size=(32, 32)), dict(type='RandomFlip')
    assert view_sizes(recipe(*transforms)) == [32]
    assert view_sizes(recipe(*transforms, backbone=dict(img_size=16))) == [16]


def test_labels_are_those_of_the_probe():
    cfg = recipe(dict(type='MultiCrop', global_size=8, num_locals=0), probe=dict(num_classes=3))
    labels = torch.cat([sample.gt_label for sample in synthetic_batch(cfg, 64)['data_samples']])
    assert labels.shape == (64,)
    assert set(labels.tolist()) == {0, 1, 2}


def test_no_size_is_made_up():
    assert view_sizes(recipe(dict(type='RandomFlip'))) == []
    with pytest.raises(ConfigError, match='size of the images'):
        synthetic_batch(recipe(dict(type='RandomFlip')), 2)


def test_boxes_and_maps_are_not_made_up():
    with pytest.raises(ConfigError, match='no boxes, masks or maps'):
        synthetic_batch(recipe(dict(type='Resize', scale=32), dict(type='mmseg.PackSegInputs')), 2)


def test_the_middle_of_a_run():
    assert mid_run(Config(dict(train_cfg=dict(max_epochs=200)))).epoch == 100
