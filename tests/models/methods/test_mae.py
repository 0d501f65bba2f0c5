import torch

from sslrecipes.registry import MODELS


def test_loss_is_that_of_the_reconstruction():
    arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
    model = MODELS.build(
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
                norm_pix=True,
                patch_size=4,
                loss=dict(type='PixelReconstructionLoss', criterion='L2'),
            ),
        )
    )
    images, noise = torch.randn(2, 3, 16, 16), torch.rand(2, 16)
    pred, mask = model.reconstruct(images, noise)
    assert pred.shape == (2, 16, 48)
    error = (pred - model.head.construct_target(images)).square().mean(-1)
    torch.testing.assert_close(model.loss(images, noise=noise)['loss'], error[mask.bool()].mean())
