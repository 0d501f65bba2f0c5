import numpy as np
import pytest
import torch

from sslrecipes.visualization.grid import picture_grid


def coloured(colour, size=8, count=2):
    return torch.tensor(colour, dtype=torch.uint8).view(1, 3, 1, 1).expand(count, 3, size, size)


def count_pixels(grid, colour):
    return int((grid == np.array(colour)).all(-1).sum())


def test_small_pictures_are_magnified_by_a_whole_factor():
    grid = picture_grid({'red': coloured((255, 0, 0)), 'blue': coloured((0, 0, 255))}, min_tile=20)
    assert grid.dtype == np.uint8
    assert count_pixels(grid, (255, 0, 0)) == count_pixels(grid, (0, 0, 255)) == 2 * 24 * 24


def test_large_pictures_keep_their_size():
    grid = picture_grid({'red': coloured((255, 0, 0), size=30)}, min_tile=20)
    assert count_pixels(grid, (255, 0, 0)) == 2 * 30 * 30


def test_columns_stand_side_by_side_in_order():
    grid = picture_grid({'red': coloured((255, 0, 0)), 'blue': coloured((0, 0, 255))})
    red, blue = ((grid == np.array(colour)).all(-1).any(0).nonzero()[0] for colour in ((255, 0, 0), (0, 0, 255)))
    assert red.max() < blue.min()


def test_long_captions_are_wrapped_below_the_tiles():
    columns = {'red': coloured((255, 0, 0))}
    plain, short, long = (picture_grid(columns, caption=caption) for caption in ('', 'word', 'word ' * 60))
    assert plain.shape[1] == short.shape[1] == long.shape[1]
    assert plain.shape[0] < short.shape[0] < long.shape[0]
    assert (long[-12:, :, :] < 200).any()  # the last line is inside the picture
    assert not (long[:, -4:, :] < 200).any()  # nothing runs out on the right


def test_title_adds_a_line_above():
    columns = {'red': coloured((255, 0, 0))}
    plain, titled = (picture_grid(columns, title=title) for title in ('', 'epoch 3'))
    assert titled.shape[0] > plain.shape[0]
    assert (titled[:20] < 100).any()


def test_columns_have_their_own_size():
    grid = picture_grid({'red': coloured((255, 0, 0), size=70), 'blue': coloured((0, 0, 255), count=1)}, min_tile=60)
    assert count_pixels(grid, (255, 0, 0)) == 2 * 70 * 70
    assert count_pixels(grid, (0, 0, 255)) == 64 * 64
    assert (grid[:, -6:] == 255).all()


def test_notes_stand_below_their_rows():
    columns = {'red': coloured((255, 0, 0), size=70), 'blue': coloured((0, 0, 255), size=70)}
    plain, noted = (picture_grid(columns, min_tile=60, notes=notes) for notes in ((), ('', 'a note')))
    assert noted.shape[0] > plain.shape[0]
    assert count_pixels(noted, (255, 0, 0)) == 2 * 70 * 70  # no note covers a tile
    rows = (noted == np.array((255, 0, 0))).all(-1).any(1).nonzero()[0]
    first_end = rows[np.flatnonzero(np.diff(rows) > 1)[0]]
    assert (noted[first_end + 1 : first_end + 18] == 255).all()  # the first row's note is empty
    assert (noted[rows.max() + 1 : rows.max() + 18] < 150).any()


@pytest.mark.parametrize('place', ['title', 'caption', 'notes', 'name'])
def test_separate_marks_are_drawn_as_one_letter(place):
    def drawn(text):
        texts = dict(notes=[text, '']) if place == 'notes' else {} if place == 'name' else {place: text}
        return picture_grid({text if place == 'name' else 'red': coloured((255, 0, 0))}, **texts)

    assert (drawn('Mu\u0308ller') == drawn('M\u00fcller')).all()
    assert drawn('\udce9 name').shape[2] == 3  # no UTF-8
