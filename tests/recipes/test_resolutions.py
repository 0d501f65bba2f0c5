"""Every method at 56, 112 and 224 px: one number changes views, position tables, decoders and masks together."""

import math

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import Tensor

from sslrecipes.config.image_size import at_size
from sslrecipes.config.places import walk
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.feature_model import as_feature_model
from sslrecipes.registry import MODELS

SIDES = (56, 112, 224)
#: Patches that 56 px consist of.
SMALL_PATCH = 8
#: Options that follow the size of the pictures, or what they are divided into.
OF_THE_SIZE = ('img_size', 'patch_size', 'num_patches', 'mask_tokens_num', 'input_size', 'window_size')


@pytest.mark.parametrize('side', SIDES)
def test_a_step_on_pictures_of_this_size(pretraining_at, tiny, side):
    cfg = with_fitting_patches(pretraining_at(side), side)
    check_schema(cfg)
    cfg = tiny.narrow(cfg)
    batch = tiny.synthetic_batch(cfg)
    assert sides_of(batch) == stated_sides(cfg, side)

    model, patch = tiny.initialised_model(cfg), cfg.model.backbone.get('patch_size')
    patches = (side // patch) ** 2 if patch else None
    tables = [table for name, table in model.named_parameters() if name.endswith('pos_embed')]
    assert bool(tables) is bool(patch)
    assert all(table.shape[1] in (patches, patches + 1) for table in tables)  # one of them may be a class token's
    if 'mask_ratio' in cfg.model.backbone:
        images = model.data_preprocessor(batch)['inputs']
        mask = model.backbone(images)[1]
        removed = {'MAEPriv': patches * 3 // 4}.get(cfg.model.type, patches - patches // 4)
        assert mask.shape[1] == patches
        assert mask.sum(dim=1).tolist() == [removed] * len(images)
    with torch.no_grad():  # evaluation stays at 224 px
        assert as_feature_model(model).extract_feat(torch.zeros(2, 3, 224, 224)).isfinite().all()

    log, unchanged = tiny.train_step(cfg)
    assert math.isfinite(log['loss'])
    assert unchanged == []


def test_a_size_that_patches_do_not_divide_is_refused(pretraining_at):
    cfg = pretraining_at(56)
    patch = cfg.model.backbone.get('patch_size', 1)
    if 56 % patch == 0:
        check_schema(cfg)
        return
    fits = f'image_size=56 is no whole number of patches of {patch} px: take 48 or 64 px, or patches of 4, 8 or 14 px'
    with pytest.raises(ConfigError, match=fits):
        check_schema(cfg)
    check_schema(pretraining_at(64))


@pytest.mark.parametrize(
    ('family', 'side'),
    [
        *(
            (name, 112)
            for name in ('BarlowTwins', 'BEiT', 'BEiT v2', 'BYOL', 'CAE', 'DenseCL', 'iTPN with pixels', 'MAE')
        ),
        *((name, 112) for name in ('MAE with HiViT', 'MFF', 'MoCo v2', 'MoCo v3 with ResNet', 'MoCo v3 with ViT')),
        *((name, 112) for name in ('SimCLR', 'SimSiam', 'SwAV')),
        *((name, 96) for name in ('SparK with ConvNeXt', 'SparK with ResNet')),
        ('SimMIM', 224),
    ],
)
def test_a_step_of_mmpretrains_own(family, side, tiny, tiny_upstream, tmp_path):
    """EVA, iTPN with CLIP, MILAN, MaskFeat and MixMIM know 224 px alone."""
    cfg = at_size(tiny_upstream.inherit(family, tmp_path), side)
    check_schema(cfg)
    for key, value in tiny_upstream.FAMILIES[family][1].items():
        if not key.startswith('custom_hooks') and key.rpartition('.')[2] not in OF_THE_SIZE:
            tiny_upstream.put(cfg, key, value)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        batch, model = tiny.synthetic_batch(cfg), tiny.build_model(cfg).train()
        loss, _ = model.parse_losses(model(**model.data_preprocessor(batch, training=True), mode='loss'))
    loss.backward()
    assert loss.isfinite()


@pytest.mark.parametrize('side', [1, 8, 33])
@pytest.mark.parametrize('network', [dict(type='ResNet', depth=18, base_channels=4), dict(type='MobileNetV2')])
def test_a_pixel_is_left_of_any_picture(network, side):
    """Pictures of CNNs have no least size."""
    (features,) = MODELS.build(network)(torch.zeros(2, 3, side, side))[-1:]
    assert min(features.shape) >= 1


def with_fitting_patches(cfg, side):
    """The config itself, or with small patches in all parts of the model if its own don't divide the pictures."""
    patch = cfg.model.backbone.get('patch_size', 1)
    if side % patch == 0:
        return cfg
    for _, part in walk(cfg.model):
        if isinstance(part, dict) and 'patch_size' in part:
            part.patch_size = SMALL_PATCH
    return at_size(cfg, side)


def sides_of(batch):
    """Height and width of each view."""
    views = batch['inputs'] if not isinstance(batch['inputs'], Tensor) else [batch['inputs']]
    return [tuple(view.shape[-2:]) for view in views]


def stated_sides(cfg, side):
    """Height and width of the views that the recipe is to have."""
    for step in cfg.train_dataloader.dataset.pipeline:
        if step.type == 'RegionCrops':  # quarters of a montage of this size
            return [(side // 2, side // 2)] * 2 * step.regions
    steps = [step for step in cfg.train_dataloader.dataset.pipeline if step.type == 'MultiCrop']
    if not steps:
        return [(side, side)]
    local = steps[0].get('local_size', 96)
    return [(side, side)] * 2 + [(local, local)] * steps[0].num_locals
