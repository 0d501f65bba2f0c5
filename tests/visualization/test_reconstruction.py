import pytest
import torch
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.visualization.reconstruction import (
    draw_reconstruction,
    reconstruction_caption,
    reconstruction_panels,
    to_rgb_uint8,
)


def loaded_images(count=2):
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8)


def normalised(model, images):
    return model.data_preprocessor({'inputs': images, 'data_samples': None})['inputs']


def left_half_removed(count=2):
    return torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(4).expand(count, -1)


@pytest.mark.parametrize('norm_pix', [True, False])
def test_a_perfect_prediction_gives_the_original(mae, norm_pix):
    mae.head.norm_pix = norm_pix
    images = loaded_images()
    inputs = normalised(mae, images)
    pred = mae.head.construct_target(inputs)
    panels = reconstruction_panels(inputs, pred, left_half_removed(), mae.head, mae.data_preprocessor)
    for name in ('original', 'reconstruction', 'reconstruction + visible'):
        assert torch.equal(panels[name], images.flip(1)), name  # loaded as BGR


def test_removed_patches_are_grey_and_visible_ones_untouched(mae):
    inputs = normalised(mae, loaded_images())
    pred = torch.randn(2, 16, 48)
    panels = reconstruction_panels(inputs, pred, left_half_removed(), mae.head, mae.data_preprocessor)
    original, pasted = panels['original'], panels['reconstruction + visible']
    assert (panels['masked'][..., :8] == 128).all()
    assert torch.equal(panels['masked'][..., 8:], original[..., 8:])
    assert torch.equal(pasted[..., :8], panels['reconstruction'][..., :8])
    assert torch.equal(pasted[..., 8:], original[..., 8:])
    assert not torch.equal(panels['reconstruction'][..., 8:], original[..., 8:])


@pytest.mark.parametrize('patch_colours', ['original', 'visible'])
def test_only_original_colours_use_removed_pixels(mae, patch_colours):
    images = loaded_images()
    darker = images.clone()
    darker[..., :8] //= 4
    pred = torch.randn(2, 16, 48)
    first, second = (
        reconstruction_panels(
            normalised(mae, batch), pred, left_half_removed(), mae.head, mae.data_preprocessor, patch_colours
        )['reconstruction']
        for batch in (images, darker)
    )
    assert torch.equal(first, second) == (patch_colours == 'visible')


def test_visible_colours_of_a_flat_prediction_are_the_visible_mean(mae):
    images = loaded_images(1)
    panels = reconstruction_panels(
        normalised(mae, images),
        torch.zeros(1, 16, 48),
        left_half_removed(1),
        mae.head,
        mae.data_preprocessor,
        'visible',
    )
    mean, std = mae.data_preprocessor.mean, mae.data_preprocessor.std
    visible = (images.flip(1)[0, :, :, 8:] - mean) / std
    expected = (visible.mean() * std + mean).round().squeeze()
    assert torch.equal(panels['reconstruction'][0, :, 3, 3].float(), expected)


def test_prediction_beyond_the_range_is_clipped(mae):
    far = torch.tensor([-1e4, 1e4]).view(2, 1, 1, 1).expand(2, 3, 16, 16)
    assert to_rgb_uint8(far, mae.data_preprocessor).flatten(1).unique(dim=1).tolist() == [[0], [255]]


def test_images_left_in_bgr_order_are_shown_in_rgb(mae):
    mae.data_preprocessor._channel_conversion = False
    blue = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    blue[:, 0] = 255
    assert to_rgb_uint8(normalised(mae, blue), mae.data_preprocessor)[0, :, 0, 0].tolist() == [0, 0, 255]


def test_caption_says_where_the_colours_come_from():
    assert "restored from the original's mean and variance (norm_pix)" in reconstruction_caption(True, 'original')
    assert 'nothing is taken from the removed ones' in reconstruction_caption(True, 'visible')
    for patch_colours in ('original', 'visible'):
        assert reconstruction_caption(False, patch_colours).startswith('Colours as predicted by the model.')


def test_pictures_of_one_seed_are_equal(mae):
    images = loaded_images()
    first, again, other = (draw_reconstruction(mae, images, seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def test_drawing_disturbs_neither_modes_nor_random_state_nor_gradients(mae):
    mae.train()
    mae.neck.eval()
    images = loaded_images()
    modes = [module.training for module in mae.modules()]
    state = torch.get_rng_state()
    draw_reconstruction(mae, images)
    assert [module.training for module in mae.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in mae.parameters())


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


def test_unknown_patch_colours_get_a_suggestion(mae):
    with pytest.raises(ConfigError, match='Did you mean "visible"'):
        draw_reconstruction(mae, loaded_images(), patch_colours='visibel')
