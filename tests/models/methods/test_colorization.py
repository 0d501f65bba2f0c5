"""Colorization against plain torch and scikit-image."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from skimage.color import rgb2lab

from sslrecipes.datasets.transforms import Lightness
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH = 3
NORMALISATION = dict(type='SelfSupDataPreprocessor', mean=[120.0, 110, 100], std=[60.0, 50, 55], to_rgb=True)
CFG = dict(
    type='Colorization',
    neck=dict(type='UpsamplingNeck', in_channels=6, hidden_channels=5, num_doublings=1),
    head=dict(type='ColorizationHead', in_channels=5, prior_momentum=0.5),
    data_preprocessor=NORMALISATION,
)


@pytest.fixture
def build(tiny_backbone):
    def make(**options):
        torch.manual_seed(0)
        model = MODELS.build(copy.deepcopy({'backbone': tiny_backbone, **CFG, **options})).train()
        model.init_weights()
        torch.nn.init.normal_(model.head.classify.weight)
        return model

    return make


@pytest.fixture
def pictures():
    """BGR bytes, smooth enough to have colours of their own."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (BATCH, 2, 2, 3), dtype=np.uint8).repeat(4, axis=1).repeat(4, axis=2)


def normalised(model, pictures):
    tensors = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    return model.data_preprocessor(dict(inputs=tensors, data_samples=None))['inputs']


def begin(model, micro_batches=1):
    model.begin_step(Progress(0, steps_per_epoch=3, epochs=2, micro_batches=micro_batches))


def expected_loss(model, pictures, prior):
    """Place by place, as the paper says; also how often each bin comes."""
    lab = rgb2lab(pictures[..., ::-1])
    mean, std = (np.array(NORMALISATION[key]) for key in ('mean', 'std'))
    grey = torch.from_numpy((2.55 * lab[..., :1] - mean) / std).float().permute(0, 3, 1, 2)
    scores = F.conv2d(model.neck(model.backbone(grey)[-1]), *model.head.classify.parameters())
    bins = model.head.bins.numpy()
    weights = 1 / (0.5 * prior + 0.5 / len(bins))
    weights = weights / (prior * weights).sum()
    terms, counts = [], np.zeros(len(bins))
    for image, row, column in np.ndindex(BATCH, 8, 8):
        distances = np.linalg.norm(bins - lab[image, row, column, 1:], axis=1)
        nearest = np.argsort(distances, kind='stable')[:5]
        shares = np.exp(-(distances[nearest] ** 2) / 50)
        shares /= shares.sum()
        counts[nearest] += shares
        log_probs = scores[image, :, row, column].log_softmax(0)[nearest]
        terms.append(-(log_probs * torch.from_numpy(shares).float()).sum() * float(weights[nearest[0]]))
    return torch.stack(terms).mean(), counts / len(terms)


def test_rare_colours_weigh_more(build, pictures):
    model = build()
    prior = torch.rand(len(model.head.prior)) ** 4
    model.head.prior.copy_(prior / prior.sum())
    before = model.head.prior.clone()
    plain = copy.deepcopy(model)
    expected, counts = expected_loss(plain, pictures, before.numpy())
    begin(model)
    losses = model(normalised(model, pictures), mode='loss')
    torch.testing.assert_close(losses['loss_colorization'], expected, rtol=2e-4, atol=1e-5)
    losses['loss_colorization'].backward()
    expected.backward()
    for (name, parameter), other in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(
            parameter.grad, other.grad, rtol=2e-3, atol=1e-4, msg=lambda text, name=name: f'{name}: {text}'
        )
    after = (before + torch.from_numpy(counts).float()) / 2
    torch.testing.assert_close(model.head.prior, after, rtol=1e-3, atol=1e-5)
    assert float(model.head.prior.sum()) == pytest.approx(1, abs=1e-5)


def test_places_have_the_mean_colour_of_their_pixels(build, pictures):
    model = build()
    seen = []
    model.head.loss = lambda features, colours: (seen.append((features, colours)), torch.tensor([0.0, 37.0]))[1]
    model.neck.layers = torch.nn.Identity()  # a map of 4 x 4 for 8 x 8 pixels
    assert model(normalised(model, pictures), mode='loss')['colour_top1'] == 37
    ((features, colours),) = seen
    assert features.shape[2:] == colours.shape[2:] == (4, 4)
    lab = rgb2lab(pictures[..., ::-1]).reshape(BATCH, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    torch.testing.assert_close(colours, torch.from_numpy(lab[..., 1:]).float().permute(0, 3, 1, 2), rtol=0, atol=0.02)


def test_the_last_of_several_maps_is_told_from_and_seen_by_the_joint_probe(build, pictures):
    model, heard = build(), []
    model.probe_loss = lambda features, _: heard.append(features) or {}
    inputs, one_map = normalised(model, pictures), model.backbone.forward
    prior = model.head.prior.clone()
    expected = model.extract_feat(inputs), model(inputs, mode='loss')['loss_colorization']
    model.head.prior.copy_(prior)
    model.backbone.forward = lambda images: (torch.zeros(BATCH, 6, 9, 9), *one_map(images))
    loss = model(inputs, mode='loss')['loss_colorization']
    torch.testing.assert_close((heard[1], loss), expected, rtol=1e-3, atol=1e-5)


def test_colours_are_computed_in_full_precision(build, pictures):
    model = build()
    inputs = normalised(model, pictures)
    with torch.autocast('cpu', torch.bfloat16):
        lab = model.lab_of(inputs)
    assert lab.dtype == torch.float32
    assert torch.equal(lab, model.lab_of(inputs))


def test_the_prior_moves_once_per_step(build, pictures):
    model = build()
    inputs, before = normalised(model, pictures), model.head.prior.clone()
    begin(model, micro_batches=2)
    model(inputs, mode='loss')
    assert torch.equal(model.head.prior, before)
    model(inputs, mode='loss')
    once = model.head.prior.clone()
    assert not torch.equal(once, before)
    model.head.prior.copy_(before)
    begin(model)
    model(inputs, mode='loss')
    torch.testing.assert_close(model.head.prior, once)


def test_equal_colours_weigh_the_same(build):
    assert build().head.weights().tolist() == pytest.approx([1.0] * 261)
    model = build(head={**CFG['head'], 'uniform_share': 1.0})
    model.head.prior.zero_()[7] = 1
    assert model.head.weights().tolist() == pytest.approx([1.0] * 261)


def test_features_are_those_of_the_lightness(build, pictures):
    model = build().eval()
    grey = np.stack([Lightness()({'img': picture.copy()})['img'] for picture in pictures])
    (expected,) = model.backbone(normalised(model, grey))
    features = model(normalised(model, pictures), mode='tensor')
    torch.testing.assert_close(features, expected.mean(dim=(2, 3)), rtol=0, atol=0.02)


def test_several_views_and_other_preprocessing_are_refused(build):
    with pytest.raises(ConfigError, match='Colorization takes one view of an image, the data gives 2'):
        build()([torch.zeros(2, 3, 8, 8)] * 2, mode='loss')
    for options in (dict(to_rgb=False), dict(mean=None, std=None)):
        with pytest.raises(ConfigError, match='Colorization takes colours from normalised RGB pictures'):
            build(data_preprocessor={**NORMALISATION, **options})


@pytest.mark.parametrize(
    ('part', 'options'),
    [
        ('head', dict(num_neighbours=0)),
        ('head', dict(num_neighbours=262)),
        ('head', dict(sigma=0)),
        ('head', dict(uniform_share=1.5)),
        ('head', dict(uniform_share=0)),
        ('neck', dict(num_doublings=-1)),
    ],
)
def test_numbers_that_can_not_be_meant_are_refused(build, part, options):
    with pytest.raises(ConfigError, match=r'but must be'):
        build(**{part: {**CFG[part], **options}})
