import pytest

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.registry import MODELS

IMAGE_SIZE, PATCH_SIZE, WIDTH = 16, 4, 8


@pytest.fixture
def mae_cfg():
    """A tiny MAE on 16 px images with 16 patches."""
    return dict(
        type='MAE',
        data_preprocessor=dict(
            type='SelfSupDataPreprocessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            to_rgb=True,
        ),
        backbone=dict(
            type='MaskedViT',
            arch=dict(embed_dims=WIDTH, num_layers=1, num_heads=2, feedforward_channels=2 * WIDTH),
            img_size=IMAGE_SIZE,
            patch_size=PATCH_SIZE,
        ),
        neck=dict(
            type='MAEDecoder',
            num_patches=(IMAGE_SIZE // PATCH_SIZE) ** 2,
            patch_size=PATCH_SIZE,
            embed_dim=WIDTH,
            decoder_embed_dim=WIDTH,
            decoder_depth=1,
            decoder_num_heads=2,
        ),
        head=dict(
            type='MAEPretrainHead',
            norm_pix=True,
            patch_size=PATCH_SIZE,
            loss=dict(type='PixelReconstructionLoss', criterion='L2'),
        ),
    )


@pytest.fixture
def mae(mae_cfg):
    return MODELS.build(mae_cfg)


@pytest.fixture
def mae_priv_cfg(mae_cfg):
    """A tiny MAE-priv, GAP variant, on the same images."""
    sizes = dict(img_size=IMAGE_SIZE, patch_size=PATCH_SIZE)
    neck = {**mae_cfg['neck'], 'type': 'MAEPrivDecoder'}
    return dict(
        type='MAEPriv',
        data_preprocessor=mae_cfg['data_preprocessor'],
        backbone=dict(type='MAEPrivViT', arch=mae_cfg['backbone']['arch'], batched_shuffle=False, **sizes),
        neck=neck,
        head=dict(type='MAEPrivHead', norm_pix=True, patch_size=PATCH_SIZE),
    )


@pytest.fixture(params=['MAE', 'MAEPriv'])
def masked_autoencoder(request):
    """Each method that predicts pixels."""
    return MODELS.build(request.getfixturevalue(dict(MAE='mae_cfg', MAEPriv='mae_priv_cfg')[request.param]))
