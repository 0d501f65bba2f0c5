"""S3L's mixup: mmpretrain's, behind the preprocessor and before the loss of the recipe."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample
from torch.nn.functional import cross_entropy

from sslrecipes.config.reading import read_config
from sslrecipes.registry import MODELS

RECIPE = 'configs/s3l/benchmarks/resnet50_moco-v2-cub200-pre-mixup_4xb16-coslr-120e_cub200.py'


@pytest.mark.golden('s3l/mixup')
def test_mixed_pictures_and_loss(case, mixing):
    x, y, lam = case['in/x'], case['in/y'].long(), case.meta['lam']
    prepared, loss = mixing(x, y, case['in/logits'], lam, order_of(case, lam), **case.hyper)
    torch.testing.assert_close(prepared, case['out/mixed_x'], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(loss, case['out/loss'][0], rtol=1e-5, atol=0)
    assert loss.item() == pytest.approx(case.meta['loss'], rel=1e-5)


@pytest.mark.parametrize(('lam', 'alpha'), [(0.31, 1.0), (0.5, 1.0), (1.0, 1.0), (1.0, 0.0)])
def test_mixing_more_than_a_little(lam, alpha, mixing):
    """Against plain code; a ratio of 1 is what an alpha of 0 means officially: a recipe without mixing."""
    x, y = torch.rand(6, 3, 5, 5) * 255, torch.tensor([0, 3, 1, 1, 2, 0])
    logits, order = torch.randn(6, 4, requires_grad=True), torch.tensor([4, 2, 1, 0, 5, 3])
    prepared, loss = mixing(x, y, logits, lam, order, alpha=alpha, classes=4)
    expected = lam * cross_entropy(logits, y) + (1 - lam) * cross_entropy(logits, y[order])
    torch.testing.assert_close(prepared, lam * x + (1 - lam) * x[order])
    torch.testing.assert_close(loss, expected)
    grads = [torch.autograd.grad(value, logits, retain_graph=True)[0] for value in (loss, expected)]
    torch.testing.assert_close(*grads)


def test_ratios_are_of_the_distribution_and_pairs_of_the_batch(monkeypatch):
    asked = []
    monkeypatch.setattr(np.random, 'beta', lambda *ab: asked.append(ab) or 0.25)
    preprocessor = preprocessor_of(1.0, 4)
    for _ in range(3):
        preprocessor(batch_of(torch.rand(6, 3, 5, 5), torch.arange(6) % 4), training=True)
    assert asked == [(1.0, 1.0)] * 3
    pictures = torch.rand(2, 3, 5, 5)
    judged = preprocessor(batch_of(pictures, torch.tensor([1, 2])), training=False)
    assert torch.equal(judged['inputs'], pictures)


@pytest.fixture
def mixing(monkeypatch):
    """What the recipe's preprocessor and head make of a batch, of given logits, ratio and order."""

    def run(x, y, logits, lam, order, alpha, classes, **_):
        monkeypatch.setattr(np.random, 'beta', lambda *_: lam)
        monkeypatch.setattr(torch, 'randperm', lambda *_, **__: order)
        prepared = preprocessor_of(alpha, classes)(batch_of(x, y), training=True)
        cfg = read_config(Path(__file__).parents[2] / RECIPE).model.head
        cfg.loss.use_soft = alpha > 0
        head = MODELS.build({**cfg, 'num_classes': classes, 'in_channels': 2})
        head.fc = torch.nn.Identity()
        return prepared['inputs'], head.loss((logits,), prepared['data_samples'])['loss']

    return run


def preprocessor_of(alpha, classes):
    (augment,) = read_config(Path(__file__).parents[2] / RECIPE).model.train_cfg.augments
    mixing = dict(batch_augments=dict(augments=[{**augment, 'alpha': alpha}])) if alpha > 0 else {}  # else lambda is 1
    return MODELS.build(dict(type='ClsDataPreprocessor', num_classes=classes, **mixing))


def batch_of(x, y):
    return dict(inputs=x, data_samples=[DataSample().set_gt_label(label) for label in y])


def order_of(case, lam):
    """The permutation, from the mixed pictures that it leads to."""
    mixed, x = case['out/mixed_x'], case['in/x']
    pairs = lam * x[:, None] + (1 - lam) * x[None]
    return (pairs - mixed[:, None]).abs().flatten(2).amax(2).argmin(1)
