"""Regions, their views, and montages of W2SSL against the official code."""

import numpy as np
import pytest
import torch
from golden import w2ssl_steps

from sslrecipes.config.reading import read_config
from sslrecipes.config.rules.regions import LAYOUTS
from sslrecipes.datasets.transforms import RegionCrops
from sslrecipes.datasets.transforms.region_crops import region_boxes
from sslrecipes.datasets.transforms.views import RENDERERS, sampling
from sslrecipes.datasets.transforms.views.sampling import ViewParams
from sslrecipes.models.layers.montage import Montages
from sslrecipes.registry import MODELS

#: Stages after the crop in the order of the official code, each with the draw that it needs.
STAGES = ('2_color_jitter', '3_grayscale', '4_blur', '5_solarize', '6_flip')


@pytest.mark.golden('w2ssl/crop_layout', 'w2ssl/crop_layout_quad')
def test_regions(case):
    regions = case.meta['n_regions']
    for size in case.meta['boxes']:
        image = case[f'in/image_{size}'].numpy()
        height, width = image.shape[:2]
        boxes = region_boxes(regions, width, height, case.meta['cross'])
        for number, (left, top, right, bottom) in enumerate(boxes):
            assert np.array_equal(image[top:bottom, left:right], case[f'out/crop{number}_{size}'].numpy()), (
                size,
                number,
            )


@pytest.mark.golden('w2ssl/crop_layout', 'w2ssl/crop_layout_quad')
def test_views_are_of_their_regions(case, monkeypatch):
    """Without any change but the size, a view is the official region, resized."""
    monkeypatch.setattr(sampling, 'draw_box', lambda height, width, _: (0, 0, width, height))
    regions, still = case.meta['n_regions'], dict(jitter=(0, 0, 0, 0), grey_prob=0, blur=(0, 0), solarize=(0, 0))
    crops = RegionCrops(regions=regions, overlap=case.meta['cross'], montage_size=16, flip_prob=0, **still)
    for size in case.meta['boxes']:
        views = crops({'img': case[f'in/image_{size}'].numpy()})['img']
        assert len(views) == 2 * regions
        for number, view in enumerate(views):
            region = case[f'out/crop{number % regions}_{size}'].numpy()
            whole = ViewParams((0, 0, region.shape[1], region.shape[0]), 8, interpolation='bilinear')
            assert np.array_equal(view, rendered(region, whole))


def rendered(image, params):
    (view,) = RENDERERS['pillow'](np.ascontiguousarray(image), [params])
    return view


@pytest.mark.golden('w2ssl/augment', 'w2ssl/augment_quad')
def test_augmentation(case):
    """Each stage, made of the image with all draws up to it."""
    normalise = MODELS.build(read_config(w2ssl_steps.DATA).data_preprocessor)
    for name, draws in case.meta['draws'].items():
        image = case[f'in/image{int(name.removeprefix("sample").partition("/")[0])}'].numpy()[..., ::-1]
        expected = case.part(f'out/{name}/')
        for stage, stored in expected.items():
            view = rendered(image, params_of(draws, case.meta['out_size'], stage))
            if stage.endswith('normalized'):
                inputs = torch.from_numpy(view.transpose(2, 0, 1).copy())[None]
                (found,) = normalise({'inputs': inputs, 'data_samples': None}, training=True)['inputs']
                torch.testing.assert_close(found, stored, rtol=1e-5, atol=1e-5)
            else:
                assert np.abs(view[..., ::-1].astype(int) - stored.numpy()).max() <= 1, (name, stage)


def params_of(draws, size, stage):
    """The view as far as ``stage``."""
    done = [other for other in STAGES if other <= stage]
    top, left, height, width = draws['rrc_top_left_height_width']
    jitter = draws['jitter'] if STAGES[0] in done else None
    return ViewParams(
        box=(left, top, left + width, top + height),
        size=size,
        flip=STAGES[4] in done and draws['flipped'],
        jitter=tuple((name, jitter[name]) for name in jitter['order']) if jitter else (),
        grey=STAGES[1] in done and draws['grayscaled'],
        blur=draws['blur_radius'] if STAGES[2] in done else None,
        solarize=STAGES[3] in done and draws['solarized'],
        interpolation='bilinear',
    )


@pytest.mark.golden('w2ssl/augment', 'w2ssl/augment_quad')
def test_recipes_have_the_augmentation_of_their_generation(case):
    """Stages that a view never takes have no image in the case."""
    regions = {'root': 2, 'ab_study_det': 4}[case.meta['variant']]
    views = read_config(w2ssl_steps.RECIPES[regions]).train_dataloader.dataset.pipeline[1]
    assert views.regions == regions == len(LAYOUTS[regions])
    solarized = {name[-1] for name in case.meta['draws'] if f'out/{name}/5_solarize' in case.tensors}
    assert {str(number + 1) for number, share in enumerate(views.solarize) if share} == solarized


@pytest.mark.golden('w2ssl/montage', 'w2ssl/montage_quad')
def test_montages(case):
    regions = case.meta['n_regions']
    montages = Montages(regions)
    montages.draw = lambda count: case['in/permute']
    arrangement = montages.arrange(case.meta['n_images'], torch.device('cpu'))
    assert torch.equal(arrangement.regions, case['out/label_loc'])
    assert torch.equal(arrangement.images, case['out/label_what_one_view'])
    assert torch.equal(arrangement.images.repeat(2), case['out/label_what'])
    for view in (1, 2):
        built = montages.build([case[f'in/view{view}_region{region}'] for region in range(regions)], arrangement)
        assert torch.equal(built, case[f'out/montage{view}'])


@pytest.mark.golden('w2ssl/montage_2ranks')
def test_montages_on_ranks(case, run_ranks):
    results = run_ranks(lambda rank, world: w2ssl_steps.on_rank(case, rank), case.meta['world_size'])
    for rank, result in enumerate(results):
        for name in ('montage1', 'montage2'):
            assert np.array_equal(result[name], case[f'out/rank{rank}/{name}'].numpy())
        for name in ('features', 'loss', 'grad_pooled'):
            stored = case['out/features_gathered' if name == 'features' else f'out/rank{rank}/{name}']
            found = torch.as_tensor(result[name]).reshape(stored.shape)
            torch.testing.assert_close(found, stored, rtol=1e-4, atol=1e-6)


@pytest.mark.golden('w2ssl/montage_2ranks')
def test_a_gather_without_summed_gradient_fails(case, run_ranks):
    """As mmpretrain's ``GatherLayer``, which gives each process the gradient of its own loss only."""
    wrong = run_ranks(lambda rank, world: w2ssl_steps.on_rank(case, rank, summed=False), case.meta['world_size'])
    for rank, result in enumerate(wrong):
        stored = case[f'out/rank{rank}/grad_pooled']
        found = torch.as_tensor(result['grad_pooled'])
        assert not torch.allclose(found, stored, rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(found * case.meta['world_size'], stored, rtol=1e-4, atol=1e-6)
