"""Reconstruction pictures of MAE-priv against those that its code intends."""

import pytest
import torch
from golden.mae_priv_models import fill, pretraining

from sslrecipes.visualization.reconstructed_pixels import as_pixels

PREPROCESSOR = dict(
    type='SelfSupDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)


def mae_priv(hyper):
    return pretraining(hyper, PREPROCESSOR, batched_shuffle=False).eval()  # the case has a shuffle for each image


@pytest.mark.golden('mae_priv/reconstruction')
def test_reconstruction(case, close):
    model = fill(mae_priv(case.hyper), case)
    images = case['in/imgs']
    order = case['in/shuffle'].argsort(1)  # of noise only the order counts
    with torch.no_grad():
        pred, mask = model.reconstruct(images, (order / order.shape[1]).expand(len(images), -1))
    close(pred, case['out/pred'])

    pixels = as_pixels(images, pred, mask, model.head, model.data_preprocessor)
    for name, picture in {'mask': pixels.masked(0), 're': pixels.predicted, 'paste': pixels.pasted()}.items():
        expected = case[f'out/fixed_{name}_img']
        close((picture if expected.dim() == 4 else picture[0]) / 255, expected)


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_targets_are_shown_as_the_original(case, close):
    model = mae_priv(case.hyper)
    pixels = as_pixels(case['in/imgs'], case['out/target'], case['out/mask'], model.head, model.data_preprocessor)
    close(pixels.predicted / 255, pixels.original / 255)
