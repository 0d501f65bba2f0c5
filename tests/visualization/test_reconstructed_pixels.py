import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from sslrecipes.visualization.reconstructed_pixels import Reconstruction, as_pixels, psnr, to_pixels, to_uint8


def loaded_images(count=2):
    return torch.randint(0, 256, (count, 3, 16, 16), dtype=torch.uint8)


def normalised(model, images):
    return model.data_preprocessor({'inputs': images, 'data_samples': None})['inputs']


def left_half_removed(count=2):
    return torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(4).expand(count, -1)


def pixels_of(model, images, pred, **options):
    return as_pixels(
        normalised(model, images), pred, left_half_removed(), model.head, model.data_preprocessor, **options
    )


@pytest.fixture
def left_half():
    """Two grey images whose left half was removed and is 10, and 20, too bright."""
    original = torch.full((2, 3, 16, 16), 100.0)
    removed = torch.zeros(2, 3, 16, 16, dtype=torch.bool)
    removed[..., :8] = True
    return Reconstruction(original, original + torch.tensor([10.0, 20.0]).view(2, 1, 1, 1), removed)


@pytest.mark.parametrize('norm_pix', [True, False])
def test_a_perfect_prediction_gives_the_original(masked_autoencoder, norm_pix):
    model, images = masked_autoencoder, loaded_images()
    model.head.norm_pix = norm_pix
    panels = pixels_of(model, images, model.head.construct_target(normalised(model, images))).panels()
    for name in ('original', 'reconstruction', 'reconstruction + visible'):
        assert torch.equal(panels[name], images.flip(1)), name  # loaded as BGR


@pytest.mark.parametrize('patch_colours', ['original', 'predicted', 'visible'])
def test_raw_predictions_stay_as_they_are(masked_autoencoder, patch_colours):
    model, images, pred = masked_autoencoder, loaded_images(), torch.randn(2, 16, 48)
    model.head.norm_pix = False
    expected = to_pixels(model.head.unpatchify(pred), model.data_preprocessor)
    assert torch.equal(pixels_of(model, images, pred, patch_colours=patch_colours).predicted, expected)


def test_removed_patches_are_grey_and_visible_ones_untouched(masked_autoencoder):
    panels = pixels_of(masked_autoencoder, loaded_images(), torch.randn(2, 16, 48)).panels()
    original, pasted = panels['original'], panels['reconstruction + visible']
    assert (panels['masked'][..., :8] == 128).all()
    assert torch.equal(panels['masked'][..., 8:], original[..., 8:])
    assert torch.equal(pasted[..., :8], panels['reconstruction'][..., :8])
    assert torch.equal(pasted[..., 8:], original[..., 8:])
    assert not torch.equal(panels['reconstruction'][..., 8:], original[..., 8:])


def test_pixels_are_neither_clipped_nor_rounded(mae):
    pixels = pixels_of(mae, loaded_images(), 1e3 * torch.randn(2, 16, 48))
    assert pixels.predicted.min() < 0
    assert pixels.predicted.max() > 255
    assert to_uint8(torch.tensor([-0.6, 0.4, 0.6, 1e4])).tolist() == [0, 0, 1, 255]


def test_flat_is_what_a_network_would_draw_that_predicts_nothing(masked_autoencoder):
    images = loaded_images()
    expected = pixels_of(masked_autoencoder, images, torch.zeros(2, 16, 48)).predicted
    assert torch.equal(pixels_of(masked_autoencoder, images, torch.randn(2, 16, 48)).flat, expected)
    masked_autoencoder.head.norm_pix = False
    assert pixels_of(masked_autoencoder, images, torch.randn(2, 16, 48)).flat is None


def test_images_left_in_bgr_order_are_shown_in_rgb(mae):
    mae.data_preprocessor._channel_conversion = False
    blue = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
    blue[:, 0] = 255
    pixels = to_pixels(normalised(mae, blue), mae.data_preprocessor)
    assert to_uint8(pixels)[0, :, 0, 0].tolist() == [0, 0, 255]


def test_errors_are_those_of_the_removed_patches(left_half):
    left_half.predicted[..., 8:] = 255  # visible
    assert left_half.errors() == ['MSE 100, PSNR 28.1 dB', 'MSE 400, PSNR 22.1 dB']


def test_errors_are_those_of_the_clipped_picture(left_half):
    left_half.predicted[:] = 1e6
    assert left_half.errors()[0].startswith(f'MSE {155**2}, ')


def test_errors_tell_what_the_colours_alone_give(left_half):
    flat = Reconstruction(left_half.original, left_half.predicted, left_half.removed, flat=left_half.original + 20)
    assert flat.errors()[0] == 'MSE 100, PSNR 28.1 dB (flat patches: 22.1 dB)'


def test_no_errors_where_nothing_was_removed(left_half):
    left_half.removed[:] = False
    assert left_half.errors() == ['nothing removed', 'nothing removed']


def test_psnr():
    first, second = np.random.default_rng(0).integers(0, 256, (2, 8, 8), np.uint8)
    error = np.square(first.astype(float) - second).mean()
    assert psnr(error) == pytest.approx(peak_signal_noise_ratio(first, second))
    assert psnr(0) == float('inf')
