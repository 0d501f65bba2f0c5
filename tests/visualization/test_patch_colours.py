import numpy as np
import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.visualization.patch_colours import (
    check_patch_colours,
    colour_caption,
    patch_statistics,
    short_colour_caption,
    shown_statistics,
)

CHOICES = ('original', 'predicted', 'visible')


def left_half_removed(count=2):
    return torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(4).expand(count, -1)


def flat_images(levels):
    """Images of 4 x 4 flat patches of 4 px, grey levels given row by row."""
    return torch.tensor(levels).view(-1, 1, 4, 4).repeat_interleave(4, 2).repeat_interleave(4, 3).repeat(1, 3, 1, 1)


def test_targets_are_inverted_exactly_by_the_head_s_own_statistics(masked_autoencoder):
    head = masked_autoencoder.head
    images = torch.randn(2, 3, 16, 16)
    mean, std = shown_statistics(images, left_half_removed(), head, 'original')
    torch.testing.assert_close(head.unpatchify(head.construct_target(images) * std + mean), images)


def test_without_statistics_of_its_own_a_head_has_the_unbiased_variance(mae):
    patches = torch.randn(1, 2, 48)
    assert not hasattr(mae.head, 'patch_statistics')
    unbiased = patch_statistics(mae.head, patches)[1]
    torch.testing.assert_close(unbiased.squeeze(), torch.from_numpy(np.std(patches[0].numpy(), axis=1, ddof=1)))


@pytest.mark.parametrize('patch_colours', CHOICES)
def test_only_original_colours_use_removed_pixels(masked_autoencoder, patch_colours):
    images = torch.randn(2, 3, 16, 16)
    darker = images.clone()
    darker[..., :8] -= 3
    first, second = (
        shown_statistics(batch, left_half_removed(), masked_autoencoder.head, patch_colours)
        for batch in (images, darker)
    )
    assert torch.equal(first[0], second[0]) == (patch_colours != 'original')


def test_visible_colours_are_the_mean_of_the_visible_patches(mae):
    images = flat_images([[9.0, 9.0, 1.0, 3.0] * 4])
    mean, std = shown_statistics(images, left_half_removed(1), mae.head, 'visible')
    assert mean.item() == 2
    assert std.item() == pytest.approx(1e-3)


def test_predicted_colours_weigh_visible_patches_by_the_inverse_cube_of_the_distance(mae):
    mask = torch.ones(1, 16)
    mask[0, [0, 3]] = 0  # two corners of the first row
    levels = [5.0, 9.0, 9.0, 14.0] + [9.0] * 12
    mean, std = shown_statistics(flat_images([levels]), mask, mae.head, 'predicted')
    means = mean.view(4, 4)
    assert means[0].tolist() == pytest.approx([5, (5 * 8 + 14) / 9, (5 + 14 * 8) / 9, 14])
    near, far = 3**-3, 18**-1.5  # of the lower left corner: 3 down, and 3 down and 3 to the side
    assert means[3, 0].item() == pytest.approx((5 * near + 14 * far) / (near + far))
    torch.testing.assert_close(std, torch.full_like(std, 1e-3))


def test_predicted_colours_of_each_image_are_its_own(mae):
    mask = torch.ones(2, 16)
    mask[0, 0] = mask[1, 15] = 0
    levels = [[float(level) for level in range(16)]] * 2
    mean, _ = shown_statistics(flat_images(levels), mask, mae.head, 'predicted')
    torch.testing.assert_close(mean, torch.tensor([0.0, 15.0]).view(2, 1, 1).expand(2, 16, 1))


def test_captions_say_what_leaks():
    assert 'leaks the input' in colour_caption(True, 'original')
    assert 'leaks the input' in short_colour_caption(True, 'original')
    for choice in ('predicted', 'visible'):
        assert 'nothing is taken from the removed ones' in colour_caption(True, choice)
        assert 'nothing leaks' in short_colour_caption(True, choice)
    for choice in CHOICES:
        assert colour_caption(False, choice) == 'Colours as predicted by the network.'


def test_unknown_choices_get_a_suggestion():
    with pytest.raises(ConfigError, match='Did you mean "visible"'):
        check_patch_colours('visibel')
