import pytest
from mmengine.config import Config

from sslrecipes.config.validation.channels import grey_images_fit


def config(color_type='grayscale', in_channels=None, **preprocessor):
    backbone = {'in_channels': in_channels} if in_channels else {}
    pipeline = [dict(type='LoadImageFromFile', color_type=color_type)]
    return Config(
        dict(
            model=dict(backbone=backbone),
            data_preprocessor=preprocessor,
            test_cfg=dict(bank=dict(dataset=dict(pipeline=pipeline))),
        )
    )


@pytest.mark.parametrize(
    ('cfg', 'sentence'),
    [
        (
            config(mean=[1, 2, 3], to_rgb=True),
            'data_preprocessor.to_rgb swaps the channels of three: set it to False, or',
        ),
        (config(mean=[1], bgr_to_rgb=True, in_channels=1), 'data_preprocessor.bgr_to_rgb swaps'),
        (config(mean=[1]), 'model.backbone.in_channels is 3: set it to 1, or leave color_type out'),
        (config('gray'), 'model.backbone.in_channels is 3'),
        (config(mean=[1, 2, 3], in_channels=1), 'model.backbone.in_channels is 1: set it to 3'),
        (config(mean=[1], in_channels=1), None),
        (config(mean=[1, 2, 3]), None),  # which makes three channels of one
        (config('color', mean=[1, 2, 3], to_rgb=True), None),
        (config(3, mean='a', to_rgb=True), None),
    ],
)
def test_grey_images_need_a_network_for_them(cfg, sentence):
    said = [
        text for text, places in grey_images_fit(cfg) if places == ('test_cfg.bank.dataset.pipeline[0].color_type',)
    ]
    assert sentence in said[0] if sentence else said == []
