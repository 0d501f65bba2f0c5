"""TEC against the official code."""

import pytest
import torch
from safetensors.torch import load_file

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.checkpoint.conversion.layouts import unwrap
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.engine.schedulers import WarmupCosineLR
from sslrecipes.export.backbone import export_backbone
from sslrecipes.registry import MODELS

TEC = KEYMAPS['tec']
SCHEDULES = 'configs/_base_/schedules/mae'


def arch(sizes, mlp_ratio=4):
    return dict(
        embed_dims=sizes['embed_dim'],
        num_layers=sizes['depth'],
        num_heads=sizes['num_heads'],
        feedforward_channels=int(sizes['embed_dim'] * mlp_ratio),
    )


def layers_of(hyper):
    """Options of a ViT's layers."""
    return dict(qkv_bias=hyper.get('qkv_bias', True), norm_cfg=dict(type='LN', eps=hyper.get('ln_eps', 1e-6)))


def base_cfg(base, image, state, folder, relation):
    """The base model, whose weights come from an official file."""
    torch.save({'model': state}, folder / 'base.pth')
    return dict(
        type='TECBaseModel',
        arch=arch(base, base.get('mlp_ratio', 4)),
        checkpoint=str(folder / 'base.pth'),
        last_layers=base['last_layers'],
        topk=base['topkatt'],
        relation=relation,
        **layers_of(base),
        **image,
    )


def image_cfg(hyper):
    return dict(img_size=hyper['img_size'], patch_size=hyper['patch_size'])


@pytest.mark.golden('tec/base_model')
def test_base_model(case, close, tmp_path):
    base = MODELS.build(base_cfg(case.hyper, image_cfg(case.hyper), case.part('state/'), tmp_path, relation=True))
    base.init_weights()
    targets = base(case['in/imgs'])
    close(targets.feature, case['out/feature'], 'tec_value')
    close(targets.relation.unsqueeze(1), case['out/attention'], 'tec_value')
    assert torch.equal(targets.query_ids.unsqueeze(1), case['out/topk_idx'])

    full = case['out/full_logits']
    rows = torch.cat([torch.zeros_like(targets.query_ids[:, :1]), targets.query_ids + 1], dim=1)
    picked = full.gather(2, rows[:, None, :, None].expand(-1, full.shape[1], -1, full.shape[3]))[..., 1:]
    close(targets.relation, picked.transpose(1, 2), 'tec_value')

    head = MODELS.build(dict(type='TECHead'))
    zeros = torch.zeros_like(targets.feature)
    mask = torch.ones(zeros.shape[:2])
    loss = head.loss(type(targets)(zeros, None, None), targets, mask)['loss_fea']
    close(loss, case['out/feature_normalised'].square().mean(), 'loss')


def tec_model(case, folder):
    hyper, student, base = case.hyper, case.hyper['student'], case.hyper['base']
    patches = (hyper['img_size'] // hyper['patch_size']) ** 2
    assert student.get('qkv_bias', True), 'the student has no other'
    norm_cfg = layers_of(student)['norm_cfg']
    model = MODELS.build(
        dict(
            type='TEC',
            backbone=dict(
                type='TECViT',
                arch=arch(student, student['mlp_ratio']),
                mask_ratio=hyper['mask_ratio'],
                mlp_token=hyper['mlp_token'],
                norm_cfg=norm_cfg,
                **image_cfg(hyper),
            ),
            neck=dict(
                type='TECNeck',
                embed_dims=student['embed_dim'],
                num_layers=student['depth'],
                num_patches=patches,
                num_groups=student['num_adap_given'],
                decoder_embed_dims=student['decoder_embed_dim'],
                decoder_depth=student['decoder_depth'],
                decoder_num_heads=student['decoder_num_heads'],
                mlp_ratio=student['mlp_ratio'],
                target_dims=student['pred_dim'],
                target_heads=student['pred_num_heads'],
                relation=hyper['pred_att'],
                norm_cfg=norm_cfg,
            ),
            head=dict(type='TECHead', relation_temperature=hyper['att_tau']),
            target_generator=base_cfg(base, image_cfg(hyper), case.part('state/base/'), folder, hyper['pred_att']),
        )
    )
    model.target_generator.init_weights()
    load_weights(model, TEC.to_ours(case.part('state/student/')), source='case')
    assert len(model.neck.adapter.fuse) == student['num_adap']
    return model


@pytest.mark.golden('tec/pretrain', 'tec/pretrain_no_att', 'tec/pretrain_no_mlp', 'tec/pretrain_other_base')
def test_pretrain(case, close, tmp_path):
    model, images, noise = tec_model(case, tmp_path).train(), case['in/imgs'], case['in/noise']
    targets = model.target_generator(images)
    layers, mask, ids_restore = model.backbone(images, noise=noise)
    prediction = model.neck(layers, ids_restore, targets.query_ids)
    checks = {
        'cls_in': model.backbone.class_token() + model.backbone.pos_embed[:, :1],
        'latent_first': layers[0],
        'latent_last': layers[-1],
        'adapted': model.neck.adapter(layers),
        'pred_fea': prediction.feature,
        'target_fea': targets.feature,
    }
    if case.hyper['pred_att']:
        checks |= {'pred_att': prediction.relation.unsqueeze(1), 'target_att': targets.relation.unsqueeze(1)}
        assert torch.equal(targets.query_ids.unsqueeze(1), case['out/topk_idx'])
    else:
        assert targets.relation is None
        assert prediction.relation is None
    for name, value in checks.items():
        close(value, case[f'out/{name}'], 'tec_value')
    assert torch.equal(mask, case['out/mask'])
    assert torch.equal(ids_restore, case['out/ids_restore'])
    assert torch.equal(ids_restore.argsort(1), case['out/ids_shuffle'])

    losses = model.loss(images, noise=noise)
    assert set(losses) == {name for name in ('loss_fea', 'loss_att') if f'out/{name}' in case.tensors}
    for name, value in losses.items():
        close(value, case[f'out/{name}'], 'loss')
    total, _ = model.parse_losses(losses)
    close(total, case['out/loss'], 'loss')
    total.backward()
    for official, expected in case.part('out/grad/').items():
        (ours,) = TEC.to_ours({official: None})
        close(model.get_parameter(ours).grad, expected, 'tec_grad')
    assert all(param.grad is None for param in model.target_generator.parameters())


@pytest.mark.golden('tec/weight_convert')
def test_weight_convert(case, close, tmp_path):
    torch.save({'model': case.part('state/'), 'epoch': 3}, tmp_path / 'checkpoint.pth')
    export_backbone(tmp_path / 'checkpoint.pth', tmp_path / 'official.pth', file_format='official')
    converted = torch.load(tmp_path / 'official.pth', weights_only=True)
    assert sorted(converted) == sorted(case.meta['output_keys'])
    for name, expected in case.part('out/converted/').items():
        close(converted[name], expected)

    mlp_ratio = case.hyper.get('mlp_ratio', 4)
    sizes = dict(arch=arch(case.hyper, mlp_ratio), final_norm=False, out_type='raw', **image_cfg(case.hyper))
    sizes |= layers_of(case.hyper)
    baked = MODELS.build(dict(type='VisionTransformer', **sizes))
    baked.eval()
    body = {name.removeprefix('backbone.'): value for name, value in TEC.to_ours(converted).items()}
    load_weights(baked, body, source='converted')
    close(baked(case['in/imgs'])[0][:, 1:].mean(1), case['out/gap_features'])

    export_backbone(tmp_path / 'checkpoint.pth', tmp_path / 'ours.safetensors', final_norm=False)
    load_weights(baked, load_file(tmp_path / 'ours.safetensors'), source='exported')
    close(baked(case['in/imgs'])[0][:, 1:].mean(1), case['out/gap_features'])


def classifier(hyper, num_classes):
    return MODELS.build(
        dict(
            type='ImageClassifier',
            backbone=dict(
                type='TECFineTuneViT',
                arch=arch(hyper, hyper.get('mlp_ratio', 4)),
                mlp_token=hyper['mlp_token'],
                **layers_of(hyper),
                **(
                    dict(out_type='avg_featmap', final_norm=False)
                    if hyper['global_pool']
                    else dict(out_type='cls_token')
                ),
                **image_cfg(hyper),
            ),
            head=dict(type='LinearClsHead', num_classes=num_classes, in_channels=hyper['embed_dim']),
        )
    )


@pytest.mark.golden('tec/finetune_forward')
def test_finetune_forward(case, close):
    model = classifier(case.hyper, case.hyper['num_classes']).eval()
    load_weights(model, TEC.to_ours(case.part('state/')), source='case')
    close(model.extract_feat(case['in/imgs'])[0], case['out/features'])
    close(model(case['in/imgs'], mode='tensor'), case['out/logits'])


def placeholders(node):
    """A file with the case's keys; the values don't matter."""
    if isinstance(node, list):
        return {name: torch.zeros(1) for name in node}
    if isinstance(node, dict):
        return {name: placeholders(value) for name, value in node.items()}
    return torch.zeros(1) if node == 'tensor' else 0


@pytest.mark.golden('tec/ckpt_formats')
def test_checkpoint_formats(case):
    for name, example in case.meta['cases'].items():
        state, _ = unwrap(placeholders(example['input']))
        assert sorted(state) == sorted(example['output_keys']), name


SMALL = dict(img_size=16, patch_size=8, embed_dim=8, num_heads=2)


@pytest.mark.golden('tec/layer_decay')
def test_finetune_groups(case, assert_groups):
    model = classifier({**SMALL, **case.hyper}, num_classes=3)
    config = f'{SCHEDULES}/adamw_bs1024_coslr_finetune.py'
    assert_groups(model, TEC, case.meta['params'], config, case.hyper, case.meta['not_optimised'])


def depth_of(names, stack):
    """Number of parts ``stack.0``, ``stack.1``, ..."""
    return len({name.removeprefix(f'{stack}.').split('.')[0] for name in names if name.startswith(f'{stack}.')})


@pytest.mark.golden('tec/pretrain_groups')
def test_pretrain_groups(case, assert_groups):
    hyper, expected = case.hyper, case.meta['params']
    model = MODELS.build(
        dict(
            type='TEC',
            backbone=dict(
                type='TECViT', arch=arch({**SMALL, **hyper}), mlp_token=hyper['mlp_token'], **image_cfg(SMALL)
            ),
            neck=dict(
                type='TECNeck',
                embed_dims=8,
                num_layers=hyper['depth'],
                num_patches=4,
                num_groups=depth_of(expected, 'encoder_adaptor.fuse_fcs'),
                decoder_embed_dims=8,
                decoder_depth=depth_of(expected, 'decoder_blocks'),
                decoder_num_heads=2,
                target_heads=2,
                relation=hyper['pred_att'],
            ),
            head=dict(type='TECHead'),
            target_generator=dict(
                type='TECBaseModel',
                arch=arch({**SMALL, 'depth': 2}),
                topk=1,
                relation=hyper['pred_att'],
                **image_cfg(SMALL),
            ),
        )
    )
    config = f'{SCHEDULES}/adamw_bs4096_coslr_pretrain.py'
    assert_groups(model, TEC, expected, config, hyper, case.meta['not_optimised'])


@pytest.mark.golden('tec/lr_schedule')
def test_lr_schedule(case):
    hyper = case.hyper
    params = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [dict(params=[p], lr=hyper['lr'] * s, lr_scale=s) for p, s in zip(params, (1.0, 0.5), strict=True)]
    optimizer = torch.optim.SGD(groups, lr=hyper['lr'])
    schedule = WarmupCosineLR(
        optimizer,
        epochs=hyper['epochs'],
        warmup_epochs=hyper['warmup_epochs'],
        min_lr=hyper['min_lr'],
        epoch_length=hyper['iters_per_epoch'],
        accumulative_counts=hyper['accum_iter'],
    )
    curve = []
    for _ in range(hyper['epochs'] * hyper['iters_per_epoch']):
        curve.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    for epoch, iteration, *expected in case.meta['rows']:
        actual = curve[epoch * hyper['iters_per_epoch'] + iteration]
        assert actual == pytest.approx(expected, rel=1e-9), (epoch, iteration)
