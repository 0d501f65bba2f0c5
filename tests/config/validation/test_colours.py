import pytest
from mmengine.config import Config

from sslrecipes.config.validation.colours import there_are_colours


def config(method, dataset, *transforms):
    pipeline = [dict(type=kind) for kind in transforms]
    return Config(dict(model=dict(type=method), train_dataloader=dict(dataset=dict(type=dataset, pipeline=pipeline))))


@pytest.mark.parametrize(
    ('cfg', 'place'),
    [
        (config('Colorization', 'FashionMNIST'), 'train_dataloader.dataset.type'),
        (config('Colorization', 'PhotoTiles', 'StandardizedGrey'), 'train_dataloader.dataset.pipeline[0].type'),
        (config('sslrecipes.Colorization', 'mmpretrain.MNIST'), 'train_dataloader.dataset.type'),
        (config('Colorization', 'PhotoTiles', 'RandomFlip'), None),
        (config('Rotation', 'FashionMNIST'), None),
    ],
)
def test_colours_are_not_learnt_from_grey_pictures(cfg, place):
    said = list(there_are_colours(cfg))
    assert [places for _, places in said] == ([(place,)] if place else [])
    assert all(text.startswith('Colorization learns the colours of pictures, but ') for text, _ in said)
