import pytest

from sslrecipes.config.picture_size import picture_size


@pytest.mark.parametrize(
    ('dataset', 'size'),
    [
        (dict(pipeline=[dict(type='RandomResizedCrop', scale=96), dict(type='PackInputs')]), 96),
        (dict(pipeline=[dict(type='ResizeEdge', scale=256), dict(type='CenterCrop', crop_size=224)]), 224),
        (dict(pipeline=[dict(type='Resize', scale=(64, 48))]), 64),
        (dict(dataset=dict(dataset=dict(pipeline=[dict(type='MultiCrop', global_size=32)]))), 32),
        (dict(type='PhotoTiles', tile_size=32, pipeline=[dict(type='PackInputs')]), 32),
        (dict(type='PhotoTiles', tile_size=32, pipeline=[None, 5, dict(type=None)]), 32),
        (dict(pipeline=[dict(type='PackInputs')]), None),
        (dict(pipeline=[dict(type='Resize', scale=None)], tile_size='x'), None),
        (None, None),
    ],
)
def test_the_last_transform_that_sets_a_size_counts(dataset, size):
    assert picture_size(dict(dataset=dataset)) == size


@pytest.mark.parametrize('odd', [None, 5, [], {}])
def test_what_is_no_loader_has_no_size(odd):
    assert picture_size(odd) is None
