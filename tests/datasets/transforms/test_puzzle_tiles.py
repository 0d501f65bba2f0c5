import cv2
import numpy as np
import pytest
from mmengine.dataset import default_collate

from sslrecipes.datasets.transforms import PuzzleTiles
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import DATASETS


def coordinates(height, width):
    """An image whose blue is the row and whose green and red are the column."""
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing='ij')
    return np.stack([rows, columns, columns], axis=-1).astype(np.uint8)


def test_tiles_lie_in_their_cells_in_rows():
    places = []
    for _ in range(50):
        results = PuzzleTiles(channel_shift=0, grey_prob=0)({'img': coordinates(225, 225)})
        assert [tile.shape for tile in results['img']] == [(64, 64, 3)] * 9
        assert results['img_shape'] == [(64, 64)] * 9
        corners = np.array([tile[0, 0, :2] for tile in results['img']]).reshape(3, 3, 2)
        places.append(corners - 75 * np.moveaxis(np.indices((3, 3)), 0, -1))
        for tile in results['img']:
            assert (tile == tile[0, 0] + np.stack([*np.indices((64, 64)), np.indices((64, 64))[1]], -1)).all()
    assert np.min(places) == 0
    assert np.max(places) == 75 - 64


def test_channels_are_moved_apart_within_the_image():
    shifts = []
    for _ in range(50):
        tiles = PuzzleTiles(channel_shift=2, grey_prob=0)({'img': coordinates(225, 225)})['img']
        shifts += [int(tile[0, 0, 1]) - int(tile[0, 0, 2]) for tile in tiles]
        assert all(tile.shape == (64, 64, 3) for tile in tiles)
    assert {min(shifts), max(shifts)} == {-4, 4}


def test_channels_are_moved_in_both_directions_each_for_itself():
    image = np.arange(225, dtype=np.uint8).reshape(15, 15, 1).repeat(3, axis=2)
    moved = set()
    for _ in range(200):
        tile = PuzzleTiles(tile_share=0.4, channel_shift=2, grey_prob=0)({'img': image})['img'][4]
        (row, column), (other_row, other_column) = (divmod(int(value), 15) for value in tile[0, 0, :2])
        moved.add((row - other_row, column - other_column))
    rows, columns = zip(*moved, strict=True)
    assert {*rows} == {*columns} == {*range(-4, 5)}
    assert len(moved) > 40


@pytest.mark.parametrize('size', [(9, 30), (30, 9)])
def test_channels_stay_within_images_that_are_no_squares(size):
    for _ in range(10):
        tiles = PuzzleTiles(tile_share=1, channel_shift=2, grey_prob=0)({'img': coordinates(*size)})['img']
        assert {tile.shape for tile in tiles} == {(3, 3, 3)}


def test_defaults_are_the_papers():
    tiles = PuzzleTiles()
    assert (tiles.tile_share, tiles.channel_shift, tiles.grey_prob) == (64 / 75, 2, 0.3)


def test_all_tiles_of_an_image_are_grey_or_none():
    image = np.random.randint(0, 256, (30, 30, 3), dtype=np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    (tile, *_) = PuzzleTiles(tile_share=1, channel_shift=0, grey_prob=1)({'img': image.copy()})['img']
    assert (tile == grey[:10, :10, None]).all()
    some = PuzzleTiles(channel_shift=0, grey_prob=0.3)
    counts = {sum((t[..., 0] == t[..., 2]).all() for t in some({'img': image.copy()})['img']) for _ in range(20)}
    assert counts == {0, 9}


@pytest.mark.parametrize(('size', 'cell', 'side'), [((225, 225), 75, 64), ((112, 150), 37, 32), ((3, 3), 1, 1)])
def test_tiles_keep_their_share_of_images_of_any_size(size, cell, side):
    tiles = PuzzleTiles(channel_shift=0, grey_prob=0)({'img': coordinates(*size)})['img']
    assert {tile.shape for tile in tiles} == {(side, side, 3)}
    assert tiles[-1][0, 0, 0] // cell == 2


@pytest.mark.parametrize('image', [np.zeros((9, 9), np.uint8), np.zeros((2, 9, 3), np.uint8)])
def test_other_images_are_refused(image):
    with pytest.raises(DataError, match=r'PuzzleTiles needs images \(H, W, 3\) of at least 3 x 3 pixels; an image is'):
        PuzzleTiles()({'img': image})


def test_images_of_other_than_bytes_are_refused():
    with pytest.raises(DataError, match=r'PuzzleTiles needs images .* of bytes; a.png is .* uint16'):
        PuzzleTiles()({'img': np.zeros((9, 9, 3), np.uint16), 'img_path': 'a.png'})


@pytest.mark.parametrize(
    'options', [dict(tile_share=0), dict(tile_share=1.5), dict(channel_shift=-1), dict(grey_prob=2)]
)
def test_options_that_can_not_be_meant_are_refused(options):
    with pytest.raises(ConfigError, match=r'PuzzleTiles\.\w+ is .* but must be'):
        PuzzleTiles(**options)


def test_a_batch_has_nine_tensors():
    pipeline = [dict(type='PuzzleTiles'), dict(type='PackInputs')]
    dataset = DATASETS.build(dict(type='PhotoTiles', split='train', tile_size=48, indices=2, pipeline=pipeline))
    batch = default_collate([dataset[0], dataset[1]])
    assert [tuple(tile.shape) for tile in batch['inputs']] == [(2, 3, 14, 14)] * 9
