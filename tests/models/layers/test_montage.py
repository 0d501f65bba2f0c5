import pytest
import torch

from sslrecipes.models.layers.montage import Montages, tiled

IMAGES, SIDE = 4, 2


def numbered(regions):
    """Views of each region, all of whose pixels are the number of the image plus ten times that of the region."""
    pixels = (torch.arange(IMAGES, dtype=torch.float32) + 10 * region for region in range(regions))
    return [values.view(-1, 1, 1, 1).expand(-1, 3, SIDE, SIDE) for values in pixels]


def quadrants_of(montages):
    """Values of the quadrants ``(4 * M,)``, by quadrant."""
    return torch.cat([montages[:, 0, row, column] for row in (0, SIDE) for column in (0, SIDE)])


@pytest.mark.parametrize('regions', [2, 4])
@pytest.mark.parametrize('shuffle', ['global', 'local'])
def test_each_quadrant_is_the_region_that_its_labels_say(regions, shuffle):
    montages = Montages(regions, shuffle)
    arrangement = montages.arrange(IMAGES, torch.device('cpu'))
    built = montages.build(numbered(regions), arrangement)
    assert built.shape == (regions * IMAGES // 4, 3, 2 * SIDE, 2 * SIDE)
    assert torch.equal(quadrants_of(built), (arrangement.images + 10 * arrangement.regions).float())
    assert len({*zip(arrangement.images.tolist(), arrangement.regions.tolist(), strict=True)}) == regions * IMAGES


def test_both_regions_of_an_image_may_meet_in_one_montage():
    """Nothing keeps them apart: with two images of two regions they always do."""
    montages = Montages(2)
    arrangement = montages.arrange(2, torch.device('cpu'))
    assert sorted(arrangement.images.tolist()) == [0, 0, 1, 1]


def test_both_views_are_arranged_alike():
    montages = Montages(2)
    arrangement = montages.arrange(IMAGES, torch.device('cpu'))
    first, second = (montages.build([view + shift for view in numbered(2)], arrangement) for shift in (0, 100))
    assert torch.equal(first + 100, second)


def test_arrangements_differ_from_step_to_step():
    montages = Montages(2)
    assert len({tuple(montages.arrange(16, torch.device('cpu')).images.tolist()) for _ in range(4)}) == 4


def test_quadrants_are_tiled_in_reading_order():
    quadrants = torch.arange(4.0).view(4, 1, 1, 1, 1).expand(4, 1, 1, 1, 2)
    assert tiled(quadrants)[0, 0].tolist() == [[0, 0, 1, 1], [2, 2, 3, 3]]
