import torch

from sslrecipes.visualization.overlay import heat_colours, overlay


def test_heat_goes_from_blue_over_green_to_red():
    cold, middle, hot = heat_colours(torch.tensor([[0.0, 0.5, 1.0]])).squeeze(1).T
    assert cold.argmax() == 2
    assert middle.argmax() == 1
    assert hot.argmax() == 0


def test_heat_lies_over_the_picture_and_its_sum_is_scaled():
    picture = torch.zeros(3, 8, 8, dtype=torch.uint8)
    picture[1, :, :4] = 255
    mixed = overlay(picture, torch.zeros(2, 2))
    blue = heat_colours(torch.zeros(1, 1))[2, 0, 0]
    assert mixed.dtype == torch.uint8
    assert mixed[:, 0, 0].tolist() == [0, 255, int(blue * 255)]
    assert mixed[:, 0, 7].tolist() == [0, 0, int(blue * 255)]
    assert overlay(picture, torch.full((2, 2), 0.5)).max() == 255


def test_masks_are_enlarged_bilinearly():
    grey = torch.full((3, 4, 16), 99, dtype=torch.uint8)
    mixed = overlay(grey, torch.tensor([[0.0, 1.0]]))
    assert mixed.shape == (3, 4, 16)
    left, right = mixed[:, 0, 0], mixed[:, 0, -1]
    assert left.argmax() == 2
    assert right.argmax() == 0
    assert len(mixed[:, 0].T.unique(dim=0)) > 6
