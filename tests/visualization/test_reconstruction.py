import pytest
import torch
from torch import nn

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.visualization.reconstruction import (
    draw_reconstruction,
    reconstruct,
    reconstruction_caption,
    reconstruction_grid,
)


def loaded_images(count=2, side=16):
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)


def test_caption_says_where_the_colours_come_from_and_what_the_errors_are():
    for norm_pix in (True, False):
        words = reconstruction_caption(norm_pix, 'original')
        assert ('leaks the input' in words) == ('"flat patches"' in words) == norm_pix
        assert 'removed patches of the pictures, RGB from 0 to 255' in words


def test_pictures_of_one_seed_are_equal(masked_autoencoder):
    images = loaded_images()
    first, again, other = (draw_reconstruction(masked_autoencoder, images, seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def test_masks_are_the_model_s(masked_autoencoder):
    pixels, removed = reconstruct(masked_autoencoder, loaded_images(3), seed=5)
    noise = torch.rand(3, 16, generator=torch.Generator().manual_seed(5))
    mask = masked_autoencoder.backbone.draw_mask(noise)[2]
    assert torch.equal(pixels.removed[:, 0, ::4, ::4].flatten(1), mask.bool())
    assert removed == 0.75


def test_choices_of_colours_differ(masked_autoencoder):
    images = loaded_images()
    pictures = [
        reconstruct(masked_autoencoder, images, patch_colours=choice)[0].predicted
        for choice in ('original', 'predicted', 'visible')
    ]
    for index in range(3):
        assert not torch.equal(pictures[index], pictures[index - 1])


def test_drawing_disturbs_neither_modes_nor_random_state_nor_gradients(masked_autoencoder):
    model = masked_autoencoder
    model.train()
    model.neck.eval()
    images = loaded_images()
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state()
    draw_reconstruction(model, images)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize('size', [(8, 8), (32, 32), (16, 24)])
def test_images_of_another_size_are_refused(masked_autoencoder, size):
    images = torch.zeros(1, 3, *size, dtype=torch.uint8)
    with pytest.raises(DataError, match=f'images of 16x16 pixels, not {size[0]}x{size[1]}'):
        reconstruct(masked_autoencoder, images)


def test_long_names_do_not_push_the_errors_out(masked_autoencoder):
    model = masked_autoencoder
    pixels, _ = reconstruct(model, loaded_images())
    first, second = (
        reconstruction_grid(pixels, model.head.norm_pix, 'original', '', names=['a' * 40 + end] * len(pixels.original))
        for end in ('b' * 99, 'c' * 9)
    )
    assert (first == second).all()
    assert (first != reconstruction_grid(pixels, model.head.norm_pix, 'original', '')).any()


def test_modes_come_back_after_an_error(mae):
    mae.train()
    mae.neck.forward = None
    with pytest.raises(TypeError):
        draw_reconstruction(mae, loaded_images())
    assert mae.training


def test_methods_without_pixels_are_refused():
    class TEC(nn.Module):
        pass

    with pytest.raises(ConfigError, match='TEC predicts no pixels'):
        draw_reconstruction(TEC(), loaded_images())


def test_images_of_broken_patches_are_refused(masked_autoencoder):
    with pytest.raises(DataError, match='18x18 pixels do not consist of whole 4x4 patches'):
        draw_reconstruction(masked_autoencoder, loaded_images(side=18))


def test_unknown_patch_colours_get_a_suggestion(mae):
    with pytest.raises(ConfigError, match='Did you mean "visible"'):
        draw_reconstruction(mae, loaded_images(), patch_colours='visibel')
