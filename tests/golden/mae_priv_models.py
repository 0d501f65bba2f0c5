"""The networks of MAE-priv's cases, and where their official weights lie in them."""

import re

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.registry import MODELS

MAE_PRIV = KEYMAPS['mae-priv']
#: Which third of our ``qkv.bias`` an official bias is.
THIRDS = {'q_bias': 0, 'v_bias': 2}


def places(state):
    """Where each official weight lies among ours: our name, and the rows there (all, except for parts of a bias)."""
    whole = {name: re.sub(r'[qv]_bias$', 'qkv.bias', name) for name in state}
    ours = {official: name for name, official in MAE_PRIV.to_ours(whole).items()}
    return {name: (ours[whole[name]], rows(name, value)) for name, value in state.items()}


def rows(name, value):
    third = THIRDS.get(name.rpartition('.')[2])
    return slice(None) if third is None else slice(third * len(value), (third + 1) * len(value))


def fill(model, case):
    load_weights(model, MAE_PRIV.to_ours(case.part('state/')), source='case')
    return model


def body(hyper):
    """What the ViTs of all stages share."""
    prefix = 'encoder_' if 'encoder_embed_dim' in hyper else ''
    width = hyper[f'{prefix}embed_dim']
    return dict(
        arch=dict(
            embed_dims=width,
            num_layers=hyper[f'{prefix}depth'],
            num_heads=hyper[f'{prefix}num_heads'],
            feedforward_channels=int(width * hyper['mlp_ratio']),
        ),
        img_size=hyper['img_size'],
        patch_size=hyper['patch_size'],
        qkv_bias=hyper.get('qkv_bias', True),
        with_cls_token=hyper['use_cls_token'],
        norm_cfg=dict(type='LN', eps=hyper.get('ln_eps', 1e-6)),
    )


def pretraining(hyper, data_preprocessor=None, **shuffle):
    encoder = dict(mask_ratio=hyper['mask_ratio'], batched_shuffle=hyper.get('batched_shuffle', True))
    return MODELS.build(
        dict(
            type='MAEPriv',
            data_preprocessor=data_preprocessor,
            backbone=dict(type='MAEPrivViT', **body(hyper), **{**encoder, **shuffle}),
            neck=dict(
                type='MAEPrivDecoder',
                num_patches=(hyper['img_size'] // hyper['patch_size']) ** 2,
                patch_size=hyper['patch_size'],
                embed_dim=hyper['encoder_embed_dim'],
                decoder_embed_dim=hyper['decoder_embed_dim'],
                decoder_depth=hyper['decoder_depth'],
                decoder_num_heads=hyper['decoder_num_heads'],
                mlp_ratio=hyper['mlp_ratio'],
                qkv_bias=hyper.get('qkv_bias', True),
                norm_cfg=dict(type='LN', eps=hyper.get('ln_eps', 1e-6)),
            ),
            head=dict(type='MAEPrivHead', norm_pix=hyper['normalized_pixel'], patch_size=hyper['patch_size']),
        )
    )


def pooled(with_cls_token):
    """How a fine-tuned ViT pools."""
    return dict(out_type='cls_token') if with_cls_token else dict(out_type='avg_featmap', final_norm=False)


def classifier(hyper):
    backbone = dict(body(hyper), type='MAEPrivFineTuneViT', drop_path_rate=hyper.get('drop_path_rate', 0.0))
    backbone |= pooled(hyper['use_cls_token'])
    head = dict(type='LinearClsHead', num_classes=hyper['num_classes'], in_channels=hyper['embed_dim'])
    return MODELS.build(dict(type='ImageClassifier', backbone=backbone, head=head))
