import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from sklearn.neighbors import NearestNeighbors

from sslrecipes.models.utils.colours import NUM_BINS, colour_bins, rgb_to_lab, soft_encoding


def surface_of_the_cube(levels=256):
    """All colours of sRGB with a channel of 0 or 1: for each a and b there is one of them, or no colour at all."""
    one, other = (side.ravel() for side in np.meshgrid(*[np.linspace(0, 1, levels)] * 2))
    faces = [np.insert(np.stack([one, other]), channel, value, axis=0).T for channel in range(3) for value in (0, 1)]
    return np.concatenate(faces)


def test_bins_are_the_points_nearest_to_some_colour():
    nearest = np.unique((rgb2lab(surface_of_the_cube())[:, 1:] / 10).round().astype(int) * 10, axis=0)
    assert nearest.tolist() == colour_bins().int().tolist()
    assert len(nearest) == NUM_BINS


def test_lab_is_that_of_skimage():
    rgb = np.concatenate([np.random.rand(100, 3), surface_of_the_cube(9)]).reshape(1, -1, 3)
    ours = rgb_to_lab(torch.from_numpy(rgb).float().permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    torch.testing.assert_close(ours, torch.from_numpy(rgb2lab(rgb)).float(), rtol=0, atol=2e-2)


@pytest.mark.parametrize(('neighbours', 'sigma'), [(5, 5.0), (1, 5.0), (8, 2.0)])
def test_colours_are_divided_as_in_the_paper(neighbours, sigma):
    colours, bins = 60 * torch.randn(50, 2), colour_bins()
    indices, shares = soft_encoding(colours, bins, neighbours, sigma)
    distances, expected = NearestNeighbors(n_neighbors=neighbours).fit(bins.numpy()).kneighbors(colours.numpy())
    weights = np.exp(-(distances**2 - distances[:, :1] ** 2) / (2 * sigma**2))
    assert indices.tolist() == expected.tolist()
    torch.testing.assert_close(shares, torch.from_numpy(weights / weights.sum(1, keepdims=True)).float())
