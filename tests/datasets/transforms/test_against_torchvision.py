"""mmpretrain's transforms against torchvision, on which the official code stands."""

import numpy as np
import pytest
import torch
import torchvision.transforms.functional as tvf
from PIL import Image
from torchvision import transforms as tv

from sslrecipes.registry import TRANSFORMS

BICUBIC = tv.InterpolationMode.BICUBIC


def random_image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), dtype=np.uint8)


def crop(size: int):
    return TRANSFORMS.build(
        dict(type='RandomResizedCrop', scale=size, crop_ratio_range=(0.2, 1.0), backend='pillow',
             interpolation='bicubic'))  # fmt: skip


@pytest.mark.parametrize('size', [32, 224])
@pytest.mark.parametrize('shape', [(32, 32), (37, 50), (375, 500), (33, 500)])
def test_the_crop_equals_torchvisions_pixel_by_pixel(size, shape):
    image, transform = random_image(*shape), crop(size)
    for _ in range(5):
        box = transform.rand_crop_params(image)
        transform.rand_crop_params = lambda _, box=box: box
        ours = transform({'img': image})['img']
        del transform.rand_crop_params
        theirs = tvf.resized_crop(Image.fromarray(image), *box, [size, size], BICUBIC)
        assert (ours == np.asarray(theirs)).all()


@pytest.mark.parametrize('shape', [(32, 32), (375, 500), (33, 500)])
def test_crop_boxes_are_distributed_as_torchvisions(shape):
    image, transform = random_image(*shape), crop(32)
    picture, number = Image.fromarray(image), 3000
    ours = np.array([transform.rand_crop_params(image) for _ in range(number)])
    theirs = np.array([tv.RandomResizedCrop.get_params(picture, [0.2, 1.0], [3 / 4, 4 / 3]) for _ in range(number)])
    for column in range(4):
        grid = np.unique(np.concatenate([ours[:, column], theirs[:, column]]))
        ranks = [np.searchsorted(np.sort(boxes[:, column]), grid, side='right') / number for boxes in (ours, theirs)]
        assert np.abs(ranks[0] - ranks[1]).max() < 0.05  # Kolmogorov-Smirnov, p about 0.001


@pytest.mark.parametrize('shape', [(375, 500), (501, 333), (200, 300), (256, 256)])
def test_the_evaluation_view_equals_torchvisions(shape):
    image = random_image(*shape)
    results = {'img': image}
    for cfg in (
        dict(type='ResizeEdge', scale=256, edge='short', backend='pillow', interpolation='bicubic'),
        dict(type='CenterCrop', crop_size=224),
    ):
        results = TRANSFORMS.build(cfg)(results)
    theirs = tv.Compose([tv.Resize(256, BICUBIC), tv.CenterCrop(224)])(Image.fromarray(image))
    assert (results['img'] == np.asarray(theirs)).all()


@pytest.mark.parametrize('flipped', [False, True])
def test_packed_inputs_are_contiguous_bytes(flipped):
    image = random_image(8, 9)
    image = np.flip(image, axis=1) if flipped else image
    inputs = TRANSFORMS.build(dict(type='PackInputs'))({'img': image})['inputs']
    assert inputs.dtype == torch.uint8
    assert inputs.is_contiguous()
    assert (inputs.permute(1, 2, 0).numpy() == image).all()


def test_rand_augment_is_timms_increasing_set():
    policies = TRANSFORMS.build(
        dict(type='RandAugment', policies='timm_increasing', num_policies=2, magnitude_level=9, magnitude_std=0.5)
    ).transforms
    assert len(policies) == 15
    assert {policy.prob for policy in policies} == {0.5}
