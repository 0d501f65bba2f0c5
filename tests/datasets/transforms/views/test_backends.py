"""Pixels of both backends, from the parameters that were drawn."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
import torch
import torchvision.transforms.functional as tvf
from PIL import Image, ImageFilter
from torchvision import transforms as tv

from sslrecipes.datasets.photo_tiles import load_photographs
from sslrecipes.datasets.transforms.views import RENDERERS
from sslrecipes.datasets.transforms.views.opencv_ops import blur_kernel, resized_crop
from sslrecipes.datasets.transforms.views.sampling import JITTERS, ViewDistribution, ViewParams

BICUBIC = tv.InterpolationMode.BICUBIC
INTERPOLATIONS = ('bicubic', 'bilinear')
ADJUST = [tvf.adjust_brightness, tvf.adjust_contrast, tvf.adjust_saturation, tvf.adjust_hue]
CHANGES = [
    dict(),
    dict(flip=True),
    *(dict(jitter=((name, factor),)) for name in JITTERS[:3] for factor in (0.0, 0.6, 1.0, 1.4)),
    *(dict(jitter=(('hue', turn),)) for turn in (-0.5, -0.1, 0.0, 0.1, 0.2)),
    dict(grey=True),
    *(dict(blur=radius) for radius in (0.1, 0.9, 2.0)),
    dict(solarize=True),
]


@pytest.fixture(scope='module')
def photographs():
    return [
        cv2.resize(photo, (250, 188), interpolation=cv2.INTER_AREA) for photo in list(load_photographs().values())[::2]
    ]


def torchvisions(image: np.ndarray, view: ViewParams) -> np.ndarray:
    """The view made of a Pillow image by torchvision's functions alone."""
    left, top, right, bottom = view.box
    picture = Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
    how = tv.InterpolationMode(view.interpolation)
    picture = tvf.resized_crop(picture, top, left, bottom - top, right - left, [view.size] * 2, how)
    picture = tvf.hflip(picture) if view.flip else picture
    for name, factor in view.jitter:
        picture = ADJUST[JITTERS.index(name)](picture, factor)
    picture = tvf.rgb_to_grayscale(picture, 3) if view.grey else picture
    picture = picture.filter(ImageFilter.GaussianBlur(view.blur)) if view.blur is not None else picture
    picture = tvf.solarize(picture, 128) if view.solarize else picture
    return np.asarray(picture)[..., ::-1]


def differences(images, views):
    pillow, opencv = (np.stack([render(image, views) for image in images]) for render in RENDERERS.values())
    return np.abs(pillow.astype(int) - opencv)


@pytest.mark.parametrize('change', CHANGES)
@pytest.mark.parametrize(('box', 'size'), [((20, 30, 220, 150), 96), ((100, 60, 150, 100), 64), ((0, 0, 250, 188), 48)])
def test_pillow_equals_torchvision_to_the_last_bit(photographs, change, box, size):
    view = ViewParams(box, size, **change)
    for image in photographs:
        assert (RENDERERS['pillow'](image, [view])[0] == torchvisions(image, view)).all()


@pytest.mark.parametrize('how', INTERPOLATIONS)
def test_pillow_equals_torchvision_for_views_as_they_are_drawn(photographs, how):
    distribution = ViewDistribution(48, (0.05, 1.0), (0.8, 0.8, 0.8, 0.2), 0.5, 0.2, interpolation=how)
    for image in photographs:
        views = [distribution.draw(*image.shape[:2]) for _ in range(20)]
        for ours, view in zip(RENDERERS['pillow'](image, views), views, strict=True):
            assert (ours == torchvisions(image, view)).all()


def test_pillow_equals_torchvisions_own_random_view(photographs, monkeypatch):
    """The transforms of torchvision, given the numbers that were drawn here, in their usual order."""
    jitter = (('hue', 0.07), ('contrast', 0.7), ('brightness', 1.3), ('saturation', 0.9))
    view = ViewParams((20, 30, 220, 150), 96, flip=True, jitter=jitter, grey=False, blur=1.2, solarize=True)
    order = torch.tensor([JITTERS.index(name) for name, _ in jitter])
    monkeypatch.setattr(tv.RandomResizedCrop, 'get_params', lambda *_: (30, 20, 120, 200))
    monkeypatch.setattr(tv.ColorJitter, 'get_params', lambda *_: (order, *(dict(jitter)[name] for name in JITTERS)))
    compose = tv.Compose([
        tv.RandomResizedCrop(96, interpolation=BICUBIC),
        tv.RandomHorizontalFlip(1.0),
        tv.RandomApply([tv.ColorJitter(0.4, 0.4, 0.2, 0.1)], 1.0),
        tv.RandomGrayscale(0.0),
        tv.Lambda(lambda picture: picture.filter(ImageFilter.GaussianBlur(1.2))),
        tv.RandomSolarize(128, 1.0),
    ])  # fmt: skip
    for image in photographs:
        theirs = np.asarray(compose(Image.fromarray(np.ascontiguousarray(image[..., ::-1]))))[..., ::-1]
        assert (RENDERERS['pillow'](image, [view])[0] == theirs).all()


@pytest.mark.parametrize('size', [56, 112])
@pytest.mark.parametrize('grey', [False, True])
def test_aug_plus_equals_torchvision_stage_by_stage_in_its_own_order(photographs, size, grey):
    """Of MoCo v2 and S3L: crop, jitter, greyscale, blur, and the flip last."""
    jitter = (('contrast', 0.7), ('hue', -0.08), ('saturation', 1.35), ('brightness', 1.2))
    view = ViewParams((20, 30, 221, 150), size, interpolation='bilinear')
    stages = (
        (dict(), lambda p: tvf.resized_crop(p, 30, 20, 120, 201, [size] * 2, tv.InterpolationMode.BILINEAR)),
        *((dict(jitter=jitter[: n + 1]), partial(_jittered, change=jitter[n])) for n in range(4)),
        (dict(grey=grey), lambda p: tvf.rgb_to_grayscale(p, 3) if grey else p),
        (dict(blur=1.3), lambda p: p.filter(ImageFilter.GaussianBlur(1.3))),
        (dict(flip=True), tvf.hflip),
    )
    for image in photographs:
        picture, so_far = Image.fromarray(np.ascontiguousarray(image[..., ::-1])), view
        for change, apply in stages:
            picture, so_far = apply(picture), replace(so_far, **change)
            assert (RENDERERS['pillow'](image, [so_far])[0] == np.asarray(picture)[..., ::-1]).all(), change


def _jittered(picture: Image.Image, change: tuple[str, float]) -> Image.Image:
    return ADJUST[JITTERS.index(change[0])](picture, change[1])


@pytest.mark.parametrize('change', CHANGES)
@pytest.mark.parametrize(('box', 'size'), [((20, 30, 220, 150), 96), ((100, 60, 150, 100), 64)])
def test_each_step_of_opencv_is_near_pillows(photographs, change, box, size):
    found = differences(photographs, [ViewParams(box, size, **change)])
    hue = dict(change.get('jitter', ())).get('hue') is not None
    assert found.mean() < (0.8 if hue else 0.6)
    assert found[..., 7:-7, 7:-7, :].max() <= (20 if hue else 3)
    assert found.max() <= (40 if 'blur' in change else 20)


@pytest.mark.parametrize('how', INTERPOLATIONS)
def test_views_of_opencv_are_near_pillows(photographs, how):
    distribution = ViewDistribution(96, (0.05, 1.0), (0.4, 0.4, 0.2, 0.1), blur=0.5, solarize=0.0, interpolation=how)
    for image in photographs:
        found = differences([image], [distribution.draw(*image.shape[:2]) for _ in range(20)])
        assert found.mean() < 1
        assert np.quantile(found, 0.999) <= 12


@pytest.mark.parametrize('backend', RENDERERS)
@pytest.mark.parametrize('change', [dict(), CHANGES[-1], dict(grey=True, blur=1.0, flip=True)])
@pytest.mark.parametrize('shape', [(1, 1), (1, 7), (7, 1), (2, 3)])
def test_tiny_images_give_whole_views(backend, change, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    (view,) = RENDERERS[backend](image, [ViewParams((0, 0, shape[1], shape[0]), 16, **change)])
    assert view.shape == (16, 16, 3)
    assert view.dtype == np.uint8
    assert view.flags.c_contiguous
    assert differences([image], [ViewParams((0, 0, shape[1], shape[0]), 16, **change)]).max() <= 3


@pytest.mark.parametrize('backend', RENDERERS)
def test_the_image_is_left_as_it_was(backend, photographs):
    image = photographs[0].copy()
    everything = ViewParams((0, 0, 250, 188), 188, jitter=(('hue', 0.1), ('brightness', 1.2)), blur=1.0, solarize=True)
    whole = replace(everything, box=(0, 0, 188, 188))
    RENDERERS[backend](image, [everything, whole, everything])
    assert (image == photographs[0]).all()


@pytest.mark.parametrize('how', INTERPOLATIONS)
def test_the_fast_crop_is_pillows(photographs, how):
    for image in photographs:
        crop = Image.fromarray(image).crop((3, 5, 240, 180))
        theirs = np.asarray(crop.resize((96, 96), Image.Resampling[how.upper()]))
        assert np.abs(resized_crop(image, (3, 5, 240, 180), 96, how).astype(int) - theirs).max() <= 2


@pytest.mark.parametrize('radius', [0.1, 0.5, 1.0, 1.41, 1.42, 2.0])
def test_the_blur_has_the_variance_of_its_radius(radius):
    kernel = blur_kernel(radius).astype(float)
    places = np.arange(len(kernel)) - len(kernel) // 2
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert (kernel == kernel[::-1]).all()
    assert (kernel @ places**2) == pytest.approx(radius**2, rel=1e-4)


@pytest.mark.parametrize('backend', RENDERERS)
def test_a_third_of_a_turn_makes_red_green_and_green_blue(backend):
    image = np.array([[[0, 0, 255], [0, 255, 0], [255, 0, 0]]], np.uint8).repeat(8, 1).repeat(24, 0)
    (view,) = RENDERERS[backend](image, [ViewParams((0, 0, 24, 24), 24, jitter=(('hue', 1 / 3),))])
    assert view[12, [4, 12, 20]].argmax(1).tolist() == [1, 0, 2]
