"""MAE against the official code."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.registry import MODELS

MAE = KEYMAPS['mae']
SCHEDULES = 'configs/_base_/schedules/mae'


def vit_arch(hyper):
    return dict(
        embed_dims=hyper['embed_dim'],
        num_layers=hyper['depth'],
        num_heads=hyper['num_heads'],
        feedforward_channels=int(hyper['embed_dim'] * hyper['mlp_ratio']),
    )


def norm_cfg(hyper):
    return dict(type='LN', eps=hyper.get('ln_eps', 1e-6))


def mae_model(hyper, norm_pix):
    sizes = dict(img_size=hyper['img_size'], patch_size=hyper['patch_size'], norm_cfg=norm_cfg(hyper))
    assert hyper.get('qkv_bias', True), 'the masked ViT has no other'
    return MODELS.build(
        dict(
            type='MAE',
            backbone=dict(type='MaskedViT', arch=vit_arch(hyper), mask_ratio=hyper['mask_ratio'], **sizes),
            neck=dict(
                type='MAEDecoder',
                num_patches=(hyper['img_size'] // hyper['patch_size']) ** 2,
                patch_size=hyper['patch_size'],
                in_chans=hyper['in_chans'],
                embed_dim=hyper['embed_dim'],
                decoder_embed_dim=hyper['decoder_embed_dim'],
                decoder_depth=hyper['decoder_depth'],
                decoder_num_heads=hyper['decoder_num_heads'],
                mlp_ratio=hyper['mlp_ratio'],
                norm_cfg=norm_cfg(hyper),
            ),
            head=dict(
                type='MAEPretrainHead',
                norm_pix=norm_pix,
                patch_size=hyper['patch_size'],
                loss=dict(type='PixelReconstructionLoss', criterion='L2'),
            ),
        )
    )


@pytest.mark.golden('mae/official_pretrain')
def test_pretrain(case, close):
    images, noise = case['in/imgs'], case['in/noise']
    for norm_pix, name in ((True, 'out/loss_norm_pix'), (False, 'out/loss_raw_pix')):
        model = mae_model(case.hyper, norm_pix)
        load_weights(model, MAE.to_ours(case.part('state/')), source='case')
        close(model.loss(images, noise=noise)['loss'], case[name], 'loss')

    model = mae_model(case.hyper, case.hyper['norm_pix_loss'])
    load_weights(model, MAE.to_ours(case.part('state/')), source='case')
    latent, mask, ids_restore = model.backbone(images, noise=noise)
    close(latent, case['out/latent'])
    assert torch.equal(mask, case['out/mask'])
    assert torch.equal(ids_restore, case['out/ids_restore'])
    assert torch.equal(ids_restore.argsort(1), case['out/ids_shuffle'])
    pred, _ = model.reconstruct(images, noise)
    close(pred, case['out/pred'])
    close(model.head.patchify(images), case['out/patchify'])
    close(model.head.unpatchify(pred), case['out/unpatchify_pred'])

    loss = model.loss(images, noise=noise)['loss']
    close(loss, case['out/loss'], 'loss')
    loss.backward()
    for official, expected in case.part('out/grad/').items():
        (ours,) = MAE.to_ours({official: None})
        close(model.get_parameter(ours).grad, expected, 'grad')


def classifier(hyper, num_classes):
    pooled = dict(out_type='avg_featmap', final_norm=False) if hyper['global_pool'] else dict(out_type='cls_token')
    return MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(
                type='VisionTransformer',
                arch=vit_arch(hyper),
                img_size=hyper['img_size'],
                patch_size=hyper['patch_size'],
                drop_path_rate=hyper.get('drop_path_rate', 0.0),
                qkv_bias=hyper.get('qkv_bias', True),
                norm_cfg=norm_cfg(hyper),
                **pooled,
            ),
            head=dict(type='LinearClsHead', num_classes=num_classes, in_channels=hyper['embed_dim']),
        )
    )


@pytest.mark.golden('mae/official_finetune_gap', 'mae/official_finetune_cls')
def test_finetune(case, close):
    model = classifier(case.hyper, case.hyper['num_classes']).eval()
    load_weights(model, MAE.to_ours(case.part('state/')), source='case')
    close(model.extract_feat(case['in/imgs'])[0], case['out/features'])
    close(model(case['in/imgs'], mode='tensor'), case['out/logits'])


SMALL = dict(img_size=16, patch_size=8, embed_dim=8, num_heads=2, mlp_ratio=4)


def depth_of(names, stack):
    return len({name.split('.')[1] for name in names if name.startswith(f'{stack}.')})


@pytest.mark.golden('mae/layer_decay')
def test_finetune_groups(case, assert_groups):
    model = classifier({**SMALL, **case.hyper}, num_classes=3)
    config = f'{SCHEDULES}/adamw_bs1024_coslr_finetune.py'
    assert_groups(model, MAE, case.meta['finetune'], config, case.hyper, [])


@pytest.mark.golden('mae/layer_decay')
def test_pretrain_groups(case, assert_groups):
    expected = case.meta['pretrain']
    sizes = dict(
        SMALL,
        depth=depth_of(expected, 'blocks'),
        decoder_embed_dim=8,
        decoder_num_heads=2,
        in_chans=3,
        decoder_depth=depth_of(expected, 'decoder_blocks'),
        mask_ratio=0.75,
    )
    config = f'{SCHEDULES}/adamw_bs4096_coslr_pretrain.py'
    hyper = {'weight_decay': case.hyper['weight_decay']}
    assert_groups(mae_model(sizes, True), MAE, expected, config, hyper, case.meta['pretrain_not_optimised'])
