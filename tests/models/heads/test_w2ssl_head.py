import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.heads import W2SSLHead, w2ssl_head

PREDICTOR = dict(in_channels=4, hidden_channels=6, out_channels=4)
IMAGES = torch.arange(3).repeat(2)


def rows(seed=0):
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(seed))


def test_defaults_are_those_of_the_published_commands():
    """The loss of images has a weight of 1 there, its own default is 0.25."""
    head = W2SSLHead(8, PREDICTOR)
    assert (head.num_regions, head.temperature, head.where_weight, head.what_weight) == (2, 0.3, 1.0, 1.0)
    assert head.factor == pytest.approx(0.3 / 0.07)


def test_keys_get_no_gradient_whoever_made_them():
    head = W2SSLHead(8, PREDICTOR)
    embeddings, keys = ([rows(seed).requires_grad_() for seed in seeds] for seeds in ((0, 1), (2, 3)))
    head.what_loss(embeddings, keys, IMAGES).backward()
    assert all(embedding.grad.any() for embedding in embeddings)
    assert [key.grad for key in keys] == [None, None]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_rows_are_brought_to_unit_length_in_float32(dtype):
    head = W2SSLHead(8, PREDICTOR)
    head.predictor = torch.nn.Identity()
    halves = [rows(seed).to(dtype) for seed in range(4)]
    loss = head.what_loss(halves[:2], halves[2:], IMAGES)
    singles = [half.float() for half in halves]
    torch.testing.assert_close(loss, head.what_loss(singles[:2], singles[2:], IMAGES), rtol=1e-6, atol=0)


def test_the_predictions_of_both_views_are_shown():
    head, shown = W2SSLHead(8, PREDICTOR), {}
    head.observer = shown.__setitem__
    head.what_loss([rows(), rows(1)], [rows(), rows()], IMAGES)
    torch.testing.assert_close(shown['embedding'], head.predictor(torch.cat([rows(), rows(1)])))
    assert not shown['embedding'].requires_grad


@pytest.mark.parametrize(('regions', 'world'), [(2, 1), (2, 3), (4, 2)])
def test_the_trivial_loss_counts_the_rows_of_all_processes(regions, world, monkeypatch):
    """Of the usual batch, though the last one be smaller; an image has a row of each region in each view."""
    monkeypatch.setattr(w2ssl_head, 'get_world_size', lambda: world)
    head = W2SSLHead(8, PREDICTOR, num_regions=regions)
    head.check_batches({4, 8})
    alike = F.normalize(torch.ones(regions * 8 * world, 4), dim=1)
    head.predictor = torch.nn.Identity()
    what = head.what_loss([alike] * 2, [alike] * 2, torch.arange(8 * world).repeat(regions))
    assert head.trivial_loss == pytest.approx(float(what) + math.log(regions), rel=1e-5)
