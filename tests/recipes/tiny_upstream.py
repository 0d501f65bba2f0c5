"""mmpretrain's self-supervised recipes, inherited and shrunk until they train in a blink, on digits."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmpretrain.models.utils.clip_generator_helper import CLIP

from sslrecipes.checkpoint.files.writing import save_torch

BATCH, WIDTH, PIXELS, PATCH = 4, 32, 32, 8
PATCHES = (PIXELS // PATCH) ** 2
ARCH = dict(embed_dims=WIDTH, num_layers=2, num_heads=2, feedforward_channels=2 * WIDTH)
VIT = {'model.backbone.arch': ARCH, 'model.backbone.img_size': PIXELS, 'model.backbone.patch_size': PATCH}
RESNET = {f'model.backbone.{key}': value for key, value in dict(depth=18, stem_channels=4, base_channels=4).items()}
NECK = {f'model.neck.{key}': value for key, value in dict(in_channels=32, hid_channels=16, out_channels=8).items()}
PREDICTOR = {
    f'model.head.predictor.{key}': value for key, value in dict(in_channels=8, hid_channels=16, out_channels=8).items()
}
DECODER = {
    f'model.neck.{key}': value
    for key, value in dict(
        **dict(num_patches=PATCHES, patch_size=PATCH, embed_dim=WIDTH),
        **dict(decoder_embed_dim=16, decoder_depth=1, decoder_num_heads=2),
    ).items()
}
HIVIT = {**VIT, 'model.backbone.arch': dict(embed_dims=WIDTH, depths=[1, 1, 7], num_heads=2),
         'model.backbone.patch_size': 16, 'model.backbone.img_size': 64}  # fmt: skip
DALLE = {'model.target_generator.init_cfg': None, 'model.target_generator.n_hid': 8,
         'model.target_generator.n_blk_per_group': 1, 'model.target_generator.vocab_size': 16}  # fmt: skip
VQKD = {f'model.target_generator.encoder_config.{key}': value for key, value in
        dict(arch=ARCH, img_size=PIXELS, patch_size=PATCH).items()}  # fmt: skip
#: Stands for a file of CLIP weights.
CLIP_FILE = '<clip>'
TOKENIZER = {'model.target_generator.tokenizer_path': CLIP_FILE}
LOADER = 'train_dataloader.dataset.pipeline'

#: Family -> recipe of mmpretrain, what makes it tiny.
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    'BarlowTwins': ('barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k', {
        **RESNET, **NECK, 'model.head.in_channels': 8}),
    'BEiT': ('beit/beit_beit-base-p16_8xb256-amp-coslr-300e_in1k', {
        **VIT, **DALLE, 'model.head.embed_dims': WIDTH, 'model.head.num_embed': 16}),
    'BEiT v2': ('beitv2/beitv2_beit-base-p16_8xb256-amp-coslr-300e_in1k', {
        **VIT, **VQKD, 'model.backbone.out_indices': [0, 1], 'model.neck.backbone_arch': dict(ARCH, depth=2),
        'model.neck.early_layers': 1, 'model.target_generator.num_embed': 16, 'model.target_generator.init_cfg': None,
        'model.head.embed_dims': WIDTH, 'model.head.num_embed': 16}),
    'BYOL': ('byol/byol_resnet50_16xb256-coslr-200e_in1k', {**RESNET, **NECK, **PREDICTOR}),
    'CAE': ('cae/cae_beit-base-p16_8xb256-amp-coslr-300e_in1k', {
        **VIT, **DALLE, 'model.neck.embed_dims': WIDTH, 'model.neck.num_heads': 2, 'model.neck.regressor_depth': 1,
        'model.neck.decoder_depth': 1, 'model.neck.num_classes': 16, 'model.neck.mask_tokens_num': 6}),
    'DenseCL': ('densecl/densecl_resnet50_8xb32-coslr-200e_in1k', {
        **RESNET, **NECK, 'model.queue_len': 16, 'model.feat_dim': 8,
        'custom_hooks': [dict(type='DenseCLHook', start_iters=2)]}),
    'EVA': ('eva/eva-mae-style_vit-base-p16_16xb256-coslr-400e_in1k', {
        **VIT, **DECODER, **TOKENIZER, 'model.neck.predict_feature_dim': 8}),
    'iTPN with CLIP': ('itpn/itpn-clip-b_hivit-base-p16_8xb256-amp-coslr-300e_in1k', {
        **HIVIT, **TOKENIZER, 'model.neck.embed_dim': WIDTH, 'model.neck.decoder_embed_dim': WIDTH,
        'model.neck.num_patches': 16, 'model.neck.fpn_dim': 8, 'model.neck.fpn_depth': 1,
        'model.head.embed_dims': WIDTH, 'model.head.num_embed': 8}),
    'iTPN with pixels': ('itpn/itpn-pixel_hivit-base-p16_8xb512-amp-coslr-400e_in1k', {
        **HIVIT, **DECODER, 'model.neck.patch_size': 16, 'model.neck.fpn_dim': 8, 'model.neck.fpn_depth': 1}),
    'MAE': ('mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k', {**VIT, **DECODER, 'model.head.patch_size': PATCH}),
    'MAE with HiViT': ('mae/mae_hivit-base-p16_8xb512-amp-coslr-400e_in1k', {
        **HIVIT, **DECODER, 'model.neck.patch_size': 16}),
    'MaskFeat': ('maskfeat/maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k', {
        **VIT, 'model.neck.in_channels': WIDTH, 'model.neck.out_channels': 27, 'model.backbone.img_size': 112}),
    'MFF': ('mff/mff_vit-base-p16_8xb512-amp-coslr-300e_in1k', {
        **VIT, **DECODER, 'model.head.patch_size': PATCH, 'model.backbone.out_indices': [0, 1]}),
    'MILAN': ('milan/milan_vit-base-p16_16xb256-amp-coslr-400e_in1k', {
        **VIT, **DECODER, **TOKENIZER, 'model.neck.predict_feature_dim': 8}),
    'MixMIM': ('mixmim/mixmim_mixmim-base_16xb128-coslr-300e_in1k', {
        'model.backbone.arch': dict(embed_dims=4, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]),
        'model.backbone.img_size': 64, 'model.backbone.window_size': [4, 4, 4, 2],
        'model.neck.num_patches': 4, 'model.neck.embed_dim': WIDTH, 'model.neck.decoder_embed_dim': 16,
        'model.neck.decoder_depth': 1, 'model.neck.decoder_num_heads': 2}),
    'MoCo v2': ('mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k', {
        **RESNET, **NECK, 'model.queue_len': 16, 'model.feat_dim': 8}),
    'MoCo v3 with ResNet': ('mocov3/mocov3_resnet50_8xb512-amp-coslr-100e_in1k', {**RESNET, **NECK, **PREDICTOR}),
    'MoCo v3 with ViT': ('mocov3/mocov3_vit-small-p16_16xb256-amp-coslr-300e_in1k', {
        **VIT, **NECK, **PREDICTOR}),
    'SimCLR': ('simclr/simclr_resnet50_8xb32-coslr-200e_in1k', {**RESNET, **NECK}),
    'SimMIM': ('simmim/simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px', {
        'model.backbone.arch': dict(embed_dims=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2]),
        'model.backbone.img_size': 64, 'model.backbone.stage_cfgs.block_cfgs.window_size': 2,
        'model.neck.in_channels': 64}),
    'SimSiam': ('simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k', {**RESNET, **NECK, **PREDICTOR}),
    'SparK with ConvNeXt': ('spark/spark_sparse-convnextv2-tiny_16xb256-amp-coslr-800e_in1k', {
        'model.backbone.arch': dict(depths=[1, 1, 1, 1], channels=[4, 8, 16, 32]), 'model.enc_dec_norm_dim': 32,
        'model.neck.feature_dim': 32, 'model.input_size': 64}),
    'SparK with ResNet': ('spark/spark_sparse-resnet50_8xb512-amp-coslr-800e_in1k', {
        **RESNET, 'model.enc_dec_norm_dim': 32, 'model.neck.feature_dim': 32, 'model.input_size': 64}),
    'SwAV': ('swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px', {
        **RESNET, **NECK, 'model.head.loss.feat_dim': 8, 'model.head.loss.num_prototypes': 12,
        'model.head.loss.num_crops': [2, 1], 'custom_hooks.0.feat_dim': 8, 'custom_hooks.0.queue_length': 8,
        'custom_hooks.0.batch_size': BATCH, 'custom_hooks.0.epoch_queue_starts': 0,
        'custom_hooks.0.frozen_layers_cfg.prototypes': 2}),
}  # fmt: skip

#: Sizes of views and masks in the pipelines, at :data:`PIXELS` of one image.
TRANSFORM_SIZES = {
    'RandomResizedCrop': dict(scale=PIXELS),
    'torchvision/Resize': dict(size=PIXELS),
    'torchvision/RandomCrop': dict(size=PIXELS),
    'RandomResizedCropAndInterpolationWithTwoPic': dict(size=PIXELS, second_size=PIXELS),
    'BEiTMaskGenerator': dict(input_size=PATCHES, num_masking_patches=6, max_num_patches=6, min_num_patches=1),
    'SimMIMMaskGenerator': dict(input_size=64),
}


_RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4, out_indices=(0, 1, 2, 3))
_VITDET = dict(type='sslrecipes.ViTDet', arch=ARCH, img_size=PIXELS, patch_size=PATCH, window_size=2, global_blocks=1)
_BEIT = dict(type='mmpretrain.BEiTViT', arch=ARCH, img_size=PIXELS, patch_size=PATCH, out_type='featmap',
             layer_scale_init_value=0.1, use_abs_pos_emb=False, use_rel_pos_bias=False, use_shared_rel_pos_bias=True,
             patch_cfg=dict(padding=0))  # fmt: skip
_HIVIT = dict(type='mmpretrain.HiViT', arch=HIVIT['model.backbone.arch'], img_size=64, out_indices=[6])
#: Backbone of a detector for what a family trains, if that isn't the ResNet.
BACKBONES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(('EVA', 'MAE', 'MFF', 'MILAN', 'MoCo v3 with ViT'), _VITDET),
    'MaskFeat': dict(_VITDET, img_size=112),
    'BEiT': _BEIT,
    'BEiT v2': dict(_BEIT, final_norm=False),
    'CAE': dict(_BEIT, use_abs_pos_emb=True, use_shared_rel_pos_bias=False, bias='qv_bias'),
    **dict.fromkeys(('MAE with HiViT', 'iTPN with pixels'), _HIVIT),
    'iTPN with CLIP': dict(_HIVIT, rpe=True, layer_scale_init_value=0.1),
    'SimMIM': dict(
        type='mmpretrain.SwinTransformer', arch=FAMILIES['SimMIM'][1]['model.backbone.arch'], img_size=64,
        out_indices=(0, 1, 2, 3), stage_cfgs=dict(block_cfgs=dict(window_size=2))),
    'SparK with ConvNeXt': dict(
        type='mmpretrain.ConvNeXt', arch=FAMILIES['SparK with ConvNeXt'][1]['model.backbone.arch'],
        out_indices=(0, 1, 2, 3), gap_before_final_norm=False, layer_scale_init_value=0.0, use_grn=True),
    'MixMIM': dict(
        type='mmpretrain.MixMIMTransformer', img_size=64, window_size=[4, 4, 4, 2],
        arch=FAMILIES['MixMIM'][1]['model.backbone.arch']),
}  # fmt: skip
#: What a detector's backbone has beyond the pre-trained network.
NEW = {'SimMIM': ('norm0.', 'norm1.', 'norm2.'), 'SparK with ConvNeXt': ('norm0.', 'norm1.', 'norm2.', 'norm3.')}
#: Whose momentum networks can be taken, too.
WITH_TEACHER = ('BYOL', 'CAE', 'DenseCL', 'MoCo v2', 'MoCo v3 with ResNet', 'MoCo v3 with ViT')
#: What gives one vector per image, no map, and so can't be a detector's backbone.
WITHOUT_MAPS = ('MixMIM',)


def detector(family: str) -> Any:
    """Config of a tiny RetinaNet on the network that the family trains, for images of :func:`pixels_of`."""
    backbone = deepcopy(BACKBONES.get(family, _RESNET))
    widths = {'mmpretrain.SwinTransformer': [8, 16, 32, 64]}.get(backbone['type'], [4, 8, 16, 32])
    maps = 'out_indices' in backbone and len(backbone['out_indices']) == 4
    neck = dict(type='mmdet.FPN', in_channels=widths, out_channels=8, num_outs=5)
    if not maps:
        neck = dict(type='sslrecipes.SimpleFPN', in_channels=WIDTH, out_channels=8)
    head = dict(type='mmdet.RetinaHead', num_classes=2, in_channels=8, feat_channels=8, stacked_convs=1)
    assigner = dict(type='mmdet.MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0)
    return dict(type='mmdet.RetinaNet', backbone=backbone, neck=neck, bbox_head=head,
                train_cfg=dict(assigner=assigner, allowed_border=-1, pos_weight=-1, debug=False))  # fmt: skip


def pixels_of(family: str) -> int:
    """Pixels per side of an image that the family's backbone takes, whatever its position tables."""
    return BACKBONES.get(family, {}).get('img_size', 64)


def inherit(family: str, folder: Path, scope: str | None = None) -> Config:
    """Resolve a config that inherits the family's recipe.

    Args:
        family: Key of :data:`FAMILIES`.
        folder: Where the config and other files go.
        scope: Its ``default_scope``; None for mmpretrain's, which it inherits.
    """
    file = folder / 'mine.py'
    lines = [f'_base_ = "mmpretrain::{FAMILIES[family][0]}.py"', *([f'default_scope = {scope!r}'] if scope else [])]
    file.write_text('\n'.join(lines) + '\n')
    return Config.fromfile(file)


def short_run(family: str, folder: Path, scope: str | None = None) -> Config:
    """Make the family's recipe a run of two epochs of two steps, with a checkpoint after each."""
    cfg = inherit(family, folder, scope)
    for key, value in FAMILIES[family][1].items():
        put(cfg, key, clip_weights(folder, cfg.model.backbone) if value == CLIP_FILE else value)
    loader = cfg.train_dataloader
    pixels = cfg.model.backbone.get('img_size', cfg.model.get('input_size', PIXELS))
    sizes = {PIXELS: pixels, PATCHES: pixels // cfg.model.backbone.get('patch_size', PATCH)}
    pipeline = [shrink(step, sizes) for step in loader.dataset.pipeline if step.type != 'LoadImageFromFile']
    loader.dataset = dict(type='sslrecipes.Digits', split='train', indices=2 * BATCH, pipeline=pipeline)
    loader.update(batch_size=BATCH, num_workers=0)
    cfg.train_cfg.max_epochs = 2
    cfg.optim_wrapper.optimizer.lr = 0.01
    cfg.default_hooks.checkpoint.update(interval=1, interval_iters=1)
    cfg.default_hooks.logger.interval = 1
    cfg.update(work_dir=str(folder / 'run'), log_level='ERROR', randomness=dict(seed=0))
    return cfg


def put(cfg: Any, key: str, value: Any) -> None:
    """Set what the dotted ``key`` names, whatever was there."""
    *outer, last = key.split('.')
    for name in outer:
        cfg = cfg[int(name)] if name.isdigit() else cfg.setdefault(name, {})
    cfg[last] = deepcopy(value)


def shrink(step: Any, sizes: dict[int, int]) -> Any:
    """Give a transform, and those within, the sizes of a tiny image and its grid of patches."""
    if step.type == 'MultiView':
        step.num_views = [2, 1] if step.num_views == [2, 6] else step.num_views
        step.transforms = [[shrink(part, sizes) for part in view] for view in step.transforms]
    step.update({key: sizes.get(value, value) for key, value in TRANSFORM_SIZES.get(step.type, {}).items()})
    return step


def clip_weights(folder: Path, backbone: Any) -> str:
    """Write random weights of a tiny CLIP that sees the backbone's patches."""
    size, patch = backbone.img_size, backbone.patch_size
    clip = CLIP(8, size, 1, 64, patch, 4, 8, 64, 1, 1)
    return str(save_torch(folder / 'clip.pth', {key: value.float() for key, value in clip.state_dict().items()}))


def weights(path: Path) -> dict[str, torch.Tensor]:
    """The state dict of a checkpoint."""
    return torch.load(path, weights_only=True)['state_dict']
