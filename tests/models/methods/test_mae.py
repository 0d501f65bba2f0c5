import pytest
import torch

from sslrecipes.registry import MODELS


def build(norm_pix=True, criterion='L2'):
    arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
    return MODELS.build(
        dict(
            type='MAE',
            backbone=dict(type='MaskedViT', arch=arch, img_size=16, patch_size=4),
            neck=dict(
                type='MAEDecoder',
                num_patches=16,
                patch_size=4,
                embed_dim=16,
                decoder_embed_dim=8,
                decoder_depth=1,
                decoder_num_heads=2,
            ),
            head=dict(
                type='MAEPretrainHead',
                norm_pix=norm_pix,
                patch_size=4,
                loss=dict(type='PixelReconstructionLoss', criterion=criterion),
            ),
        )
    )


def test_loss_is_that_of_the_reconstruction():
    model = build()
    images, noise = torch.randn(2, 3, 16, 16), torch.rand(2, 16)
    pred, mask = model.reconstruct(images, noise)
    assert pred.shape == (2, 16, 48)
    error = (pred - model.head.construct_target(images)).square().mean(-1)
    torch.testing.assert_close(model.loss(images, noise=noise)['loss'], error[mask.bool()].mean())


def test_predicting_the_mean_costs_the_trivial_loss():
    head = build().head
    loss = head.loss(torch.zeros(4, 16, 48), torch.randn(4, 3, 16, 16), torch.ones(4, 16)).item()
    assert loss == pytest.approx(47 / 48, rel=1e-3)  # the variance is the unbiased one
    assert build().trivial_loss == 1
    assert build(norm_pix=False).trivial_loss is build(criterion='L1').trivial_loss is None
