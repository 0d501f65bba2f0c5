import pytest
import torch

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.utils.image_check import check_images, check_patch_size


def test_whole_patches_pass():
    check_images(torch.zeros(1, 3, 32, 48), 16)
    check_images(torch.zeros(1, 3, 32, 42), (16, 14))
    check_patch_size((224, 448), 14)


@pytest.mark.parametrize('shape', [(2, 1, 32, 32), (2, 4, 32, 32), (3, 32, 32)])
def test_only_rgb_images_are_taken(shape):
    with pytest.raises(DataError, match='convert to RGB'):
        check_images(torch.zeros(shape), 16)


def test_cut_patches_are_named():
    with pytest.raises(DataError, match='Images of 32x40 pixels do not consist of whole 16x16 patches'):
        check_images(torch.zeros(1, 3, 32, 40), 16)
    with pytest.raises(ConfigError, match='img_size=224 must be a multiple of patch_size=15'):
        check_patch_size(224, 15)


def test_size_of_the_network_is_named():
    check_images(torch.zeros(1, 3, 32, 48), 16, size=(32, 48))
    with pytest.raises(DataError, match='Images of 32x48 pixels can not be masked by a network for 32x32'):
        check_images(torch.zeros(1, 3, 32, 48), 16, size=(32, 32))
