"""MAE-priv's learning rate and parameter groups, through the recipes' own settings."""

from pathlib import Path

import pytest
import torch
from golden.mae_priv_models import places, pooled

from sslrecipes.config.reading import read_config
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.registry import MODELS, PARAM_SCHEDULERS

SCHEDULES = Path(__file__).parents[2] / 'configs/_base_/schedules/mae_priv'
PRETRAIN = 'adamw_bs4096_coslr_pretrain.py'
FINETUNE = 'adamw_bs1024_coslr_finetune.py'
WIDTH, DECODER_WIDTH = 8, 4


@pytest.mark.parametrize('recipe', [PRETRAIN, FINETUNE])
@pytest.mark.golden('mae_priv/lr_schedule')
def test_lr_schedule(case, recipe):
    hyper = case.hyper
    length, warmup = hyper['iters_per_epoch'], hyper['warmup_epochs']
    if hyper['warmup_steps'] > 0:  # a warm-up in steps: let each step be an epoch
        length, warmup = 1, hyper['warmup_steps']
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=hyper['base'])
    options = read_config(SCHEDULES / recipe).param_scheduler.to_dict()
    kind = PARAM_SCHEDULERS.get(options.pop('type'))
    epochs = hyper['epochs'] * hyper['iters_per_epoch'] // length
    options |= dict(epochs=epochs, warmup_epochs=warmup, final=hyper['final'])
    schedule = kind(optimizer, epoch_length=length, **options)
    curve = []
    for _ in case.meta['values']:
        curve.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    assert curve == pytest.approx(case.meta['values'], rel=1e-9, abs=0)
    assert len(curve) == hyper['epochs'] * hyper['iters_per_epoch']


@pytest.mark.golden('mae_priv/layer_decay')
def test_finetune_groups(case):
    body = {**vit(case.hyper), **pooled(case.hyper['use_cls_token'])}
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(type='MAEPrivFineTuneViT', **body),
            head=dict(type='LinearClsHead', num_classes=3, in_channels=WIDTH),
        )
    )
    check_groups(model, case.meta['finetune'], FINETUNE, case.hyper, layer_decay=case.hyper['layer_decay'])


@pytest.mark.golden('mae_priv/layer_decay')
def test_pretrain_groups(case):
    expected = case.meta['pretrain']
    decoder_depth = len({name.split('.')[2] for name in expected if name.startswith('decoder.blocks.')})
    model = MODELS.build(
        dict(
            type='MAEPriv',
            backbone=dict(type='MAEPrivViT', **vit(case.hyper)),
            neck=dict(
                type='MAEPrivDecoder',
                num_patches=4,
                patch_size=8,
                embed_dim=WIDTH,
                decoder_embed_dim=DECODER_WIDTH,
                decoder_depth=decoder_depth,
            ),
            head=dict(type='MAEPrivHead', patch_size=8),
        )
    )
    check_groups(model, expected, PRETRAIN, case.hyper)


def vit(hyper):
    """Options of a small ViT of the case's depth."""
    return dict(
        arch=dict(embed_dims=WIDTH, num_layers=hyper['depth'], num_heads=2, feedforward_channels=2 * WIDTH),
        img_size=16,
        patch_size=8,
        with_cls_token=hyper['use_cls_token'],
    )


def check_groups(model, expected, recipe, hyper, **paramwise):
    """Compare the groups that a recipe makes with the official ones, parameter by parameter; no other is trained."""
    wrapper = read_config(SCHEDULES / recipe).optim_wrapper.to_dict()
    constructor = ParamGroupsConstructor(wrapper, {**wrapper['paramwise_cfg'], **paramwise})
    group_of = {
        id(parameter): group
        for group in constructor.param_groups(model, 1.0, hyper['weight_decay'])
        for parameter in group['params']
    }
    place_of = places(dict.fromkeys(expected, torch.zeros(1)))
    for official, group in expected.items():
        actual = group_of[id(model.get_parameter(place_of[official][0]))]
        assert actual['lr_scale'] == pytest.approx(group['lr_scale'], rel=1e-9), official
        assert actual['weight_decay'] == group['weight_decay'], official
    compared = {id(model.get_parameter(name)) for name, _ in place_of.values()}
    assert compared == set(group_of), 'other parameters are trained than officially'
