"""Reconstruction pictures of MAE-priv against those that its code intends."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.registry import MODELS
from sslrecipes.visualization.reconstructed_pixels import as_pixels


def mae_priv(hyper):
    sizes = dict(img_size=hyper['img_size'], patch_size=hyper['patch_size'])
    return MODELS.build(
        dict(
            type='MAEPriv',
            data_preprocessor=dict(
                type='SelfSupDataPreprocessor',
                mean=[123.675, 116.28, 103.53],
                std=[58.395, 57.12, 57.375],
                to_rgb=True,
            ),
            backbone=dict(
                type='MAEPrivViT',
                arch=dict(
                    embed_dims=hyper['encoder_embed_dim'],
                    num_layers=hyper['encoder_depth'],
                    num_heads=hyper['encoder_num_heads'],
                    feedforward_channels=int(hyper['encoder_embed_dim'] * hyper['mlp_ratio']),
                ),
                mask_ratio=hyper['mask_ratio'],
                with_cls_token=hyper['use_cls_token'],
                batched_shuffle=False,  # the case has a shuffle for each image
                norm_cfg=dict(type='LN', eps=hyper.get('ln_eps', 1e-6)),
                **sizes,
            ),
            neck=dict(
                type='MAEPrivDecoder',
                num_patches=(hyper['img_size'] // hyper['patch_size']) ** 2,
                patch_size=hyper['patch_size'],
                embed_dim=hyper['encoder_embed_dim'],
                decoder_embed_dim=hyper['decoder_embed_dim'],
                decoder_depth=hyper['decoder_depth'],
                decoder_num_heads=hyper['decoder_num_heads'],
                mlp_ratio=hyper['mlp_ratio'],
                norm_cfg=dict(type='LN', eps=hyper.get('ln_eps', 1e-6)),
            ),
            head=dict(type='MAEPrivHead', norm_pix=hyper['normalized_pixel'], patch_size=hyper['patch_size']),
        )
    ).eval()


@pytest.mark.golden('mae_priv/reconstruction')
def test_reconstruction(case, close):
    model = mae_priv(case.hyper)
    load_weights(model, KEYMAPS['mae-priv'].to_ours(case.part('state/')), source='case')
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
