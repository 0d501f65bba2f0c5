import numpy as np
import pytest
import torch
from mmpretrain.models import MAEPretrainHead

from sslrecipes.models.heads import MAEPrivHead

IMAGES = torch.randn(2, 3, 12, 12)
LOSS = dict(type='PixelReconstructionLoss', criterion='L2')


def test_patch_vectors_go_by_channel_row_column():
    vectors = MAEPrivHead(patch_size=4).patchify(IMAGES)
    assert vectors.shape == (2, 9, 48)
    fifth = IMAGES[1, :, 4:8, 8:12]  # second row, third column of the grid
    assert torch.equal(vectors[1, 5], fifth.flatten())


def test_official_layout_is_upstreams():
    head, upstream = MAEPrivHead(patch_size=4, channel_first=False), MAEPretrainHead(LOSS, patch_size=4)
    vectors = head.patchify(IMAGES)
    assert torch.equal(vectors, upstream.patchify(IMAGES))
    assert torch.equal(vectors[1, 5], IMAGES[1, :, 4:8, 8:12].permute(1, 2, 0).flatten())


@pytest.mark.parametrize('channel_first', [True, False])
def test_pictures_come_back(channel_first):
    head = MAEPrivHead(patch_size=4, channel_first=channel_first)
    assert torch.equal(head.unpatchify(head.patchify(IMAGES)), IMAGES)


@pytest.mark.parametrize('unbiased', [False, True])
def test_normalised_target(unbiased):
    head = MAEPrivHead(norm_pix=True, patch_size=4, unbiased=unbiased)
    vectors = head.patchify(IMAGES).double().numpy()
    variance = vectors.var(-1, ddof=int(unbiased), keepdims=True)
    expected = (vectors - vectors.mean(-1, keepdims=True)) / np.sqrt(variance + 1e-6)
    np.testing.assert_allclose(head.construct_target(IMAGES).numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('norm_pix', [False, True])
def test_loss_of_removed_patches_is_that_of_upstream(norm_pix):
    head = MAEPrivHead(norm_pix=norm_pix, patch_size=4, channel_first=False, unbiased=True)
    upstream = MAEPretrainHead(LOSS, norm_pix=norm_pix, patch_size=4)
    pred, ids = torch.randn(2, 9, 48), torch.tensor([[0, 4, 8], [1, 5, 3]])
    mask = torch.zeros(2, 9).scatter_(1, ids, 1.0)
    chosen = pred.gather(1, ids[..., None].expand(-1, -1, 48))
    torch.testing.assert_close(head.masked_loss(chosen, IMAGES, ids), upstream.loss(pred, IMAGES, mask))
