"""MAE-priv against the official code: pre-training, fine-tuning, linear probe."""

import pytest
import torch
from golden.mae_priv_models import MAE_PRIV, body, classifier, fill, places, pretraining
from mmpretrain.structures import DataSample

from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.models.methods.feature_model import as_feature_model
from sslrecipes.registry import MODELS, OPTIMIZERS


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_pretrain(case, close):
    images, noise = case['in/imgs'], case['in/noise']
    model = fill(pretraining(case.hyper), case)
    latent, mask, ids_restore = model.backbone(images, noise=noise)
    close(latent, case['out/encoded'])
    assert torch.equal(mask, case['out/mask'])
    assert torch.equal(ids_restore.argsort(1), case['out/shuffle'].expand(len(images), -1))
    close(model.reconstruct(images, noise)[0], case['out/pred'])
    target = model.head.construct_target(images)
    removed = mask.bool()
    expected = case['out/target']
    close(target if expected.shape == target.shape else in_shuffle_order(target, ids_restore, expected), expected)

    loss = model.loss(images, noise=noise)['loss']
    close(loss, case['out/loss'], 'loss')
    close(((case['out/pred'] - target)[removed] ** 2).mean(), loss.detach(), 'loss')
    loss.backward()
    place_of = places(case.part('state/'))
    for official, gradient in case.part('out/grad/').items():
        ours, rows = place_of[official]
        close(model.get_parameter(ours).grad[rows], gradient, 'grad')


def in_shuffle_order(target, ids_restore, expected):
    """The targets of the removed patches, as the official code has them."""
    removed = ids_restore.argsort(1)[:, -expected.shape[1] :]
    return target.gather(1, removed[..., None].expand(-1, -1, target.shape[-1]))


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_drawn_mask(case):
    """Without noise given, the mask is drawn from torch's generator as officially, and is that of the case."""
    encoder = pretraining(case.hyper).backbone
    torch.manual_seed(case.meta['seed']['forward_seed'])
    assert torch.equal(encoder(case['in/imgs'])[1], case['out/mask'])


@pytest.mark.golden('mae_priv/pretrain_gap', 'mae_priv/pretrain_cls')
def test_fixed_tables(case, close):
    model = pretraining(case.hyper)
    for official in ('encoder.pos_embed', 'decoder_pos_embed'):
        (ours, _) = places(case.part('state/'))[official]
        close(model.get_parameter(ours), case[f'state/{official}'])
        assert not model.get_parameter(ours).requires_grad


@pytest.mark.golden('mae_priv/finetune_gap', 'mae_priv/finetune_cls')
def test_finetune(case, close):
    model = fill(classifier(case.hyper), case).eval()
    close(model.extract_feat(case['in/imgs'])[0], case['out/features'])
    close(model(case['in/imgs'], mode='tensor'), case['out/logits'])


@pytest.mark.golden('mae_priv/finetune_gap', 'mae_priv/finetune_cls')
def test_knn_feature(case, close):
    backbone = dict(type='VisionTransformer', **body(case.hyper), out_type='raw')
    model = MODELS.build(dict(type='FeatureModel', backbone=backbone, final_norm=False))
    state = MAE_PRIV.to_ours(case.part('state/'))
    load_weights(model, state, source='case', ignore=('backbone.ln1.',))
    close(as_feature_model(model)(case['in/imgs']), case['out/pooled'])


def probe_optimizer(case, params):
    group = case.hyper['optimizer_group']
    common = {name: group[name] for name in ('lr', 'momentum', 'weight_decay', 'dampening', 'nesterov')}
    if case.hyper['optimizer_class'] == 'SGD':
        return OPTIMIZERS.build(dict(type='SGD', params=params, **common))
    return OPTIMIZERS.build(
        dict(
            type='LARS',
            params=params,
            **common,
            eps=group['eps'],
            trust_clip=group['trust_clip'],
            trust_coefficient=group['trust_coeff'],
            adapt_without_decay=group['always_adapt'],
            decay_gradient=False,
            denominator='gradient_plus_decay',
        )
    )


@pytest.mark.golden('mae_priv/linprobe_gap_sgd', 'mae_priv/linprobe_cls_lars')
def test_linear_probe(case, close):
    hyper = case.hyper
    backbone = dict(type='VisionTransformer', **body(hyper), out_type='raw')
    model = MODELS.build(
        dict(
            type='LinearProbe',
            backbone=backbone,
            num_classes=hyper['num_classes'],
            with_bn=True,
            bn_eps=1e-5,
            final_norm=False,
        )
    )
    load_weights(model, MAE_PRIV.to_ours(case.part('state/')), source='case', ignore=('backbone.ln1.',))
    optimizer = probe_optimizer(case, [param for param in model.parameters() if param.requires_grad])
    samples = [DataSample().set_gt_label(int(label)) for label in case['in/labels']]
    model.train()
    for step in range(hyper['steps']):
        logits = model.logits(case['in/imgs'])
        if step == 0:
            close(logits[:, 0], case['out/logits_first'])
        (loss,) = model.loss(logits, samples).values()
        close(loss, case['out/losses'][step], 'loss')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    close(model.neck.running_mean, case['out/running_mean'])
    close(model.neck.running_var, case['out/running_var'])
    close(model.heads[0].weight, case['out/head_weight'])
    close(model.heads[0].bias, case['out/head_bias'])
    close(model.eval().logits(case['in/imgs'])[:, 0], case['out/logits_eval'])
