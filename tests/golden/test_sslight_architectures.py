"""The models of SSLight's recipes: names, shapes, sizes, what the optimizer does to which parameter, features."""

import re

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.models.methods.multi_crop_method import pooled_output
from sslrecipes.registry import MODELS

FACTS = {
    'method', 'arch', 'embed_dim', 'trainable_params', 'all_params', 'backbone_params', 'head_params', 'head_layout',
    'param_groups', 'backbone_keys',
}  # fmt: skip
TRAINED = {'DINO': 'student', 'SWAV': 'network', 'MOCO': 'encoder_q'}


@pytest.mark.golden('sslight/architectures')
def test_networks(case, sslight_recipe):
    init_default_scope('sslrecipes')
    for name, expected in case.meta['models'].items():
        assert {fact for fact in expected if not fact.startswith('feature_shape_')} <= FACTS, name
        method, trained = expected['method'], TRAINED[expected['method']]
        model = MODELS.build(sslight_recipe(method, expected['arch']).model)
        assert size(model.parameters()) == expected['all_params'], name
        assert size(param for param in model.parameters() if param.requires_grad) == expected['trainable_params'], name
        assert size(model.backbone.parameters()) == expected['backbone_params'], name
        assert size(model.neck.parameters()) == expected['head_params'], name
        head = official_names(method, 'neck.', dict(model.neck.named_parameters()))
        assert shapes(head, f'{trained}.head.') == list(expected['head_layout'].items()), name
        if 'backbone_keys' in expected:
            backbone = official_names(method, 'backbone.', model.backbone.state_dict())
            assert shapes(backbone, f'{trained}.backbone.') == list(expected['backbone_keys'].items()), name


@pytest.mark.golden('sslight/architectures')
def test_optimizer_groups(case, sslight_recipe):
    init_default_scope('sslrecipes')
    for name, expected in case.meta['models'].items():
        cfg = sslight_recipe(expected['method'], expected['arch'])
        model, groups = MODELS.build(cfg.model), expected['param_groups']
        treatments = treatments_of(model, cfg.optim_wrapper.to_dict())
        adaptive = cfg.optim_wrapper.optimizer.type == 'LARS'
        assert len({treatment for treatment, _ in treatments.values()}) == len(groups), name
        for group in groups:
            treatment = group['wd_factor'], group['lars_exclude'] if adaptive else None
            params = {param: value for param, (found, value) in treatments.items() if found == treatment}
            assert len(params) == group['n_tensors'], (name, treatment)
            assert size(params.values()) == group['n_elements'], (name, treatment)
            first, last = group['first_names'], group['last_names']
            ordered = list(official_names(expected['method'], '', params))
            assert ordered[: len(first)] == first, (name, treatment)
            assert ordered[-len(last) :] == last, (name, treatment)


@pytest.mark.golden('sslight/architectures')
def test_features(case, sslight_recipe):
    init_default_scope('sslrecipes')
    for name, expected in case.meta['models'].items():
        backbone = MODELS.build(sslight_recipe(expected['method'], expected['arch']).model.backbone)
        backbone.eval()
        sizes = [int(size) for fact in expected for size in re.findall(r'^feature_shape_(\d+)$', fact)]
        assert sizes
        for side in sizes:
            with torch.no_grad():
                features = pooled_output(backbone, torch.zeros(1, 3, side, side))
            assert list(features.shape) == expected[f'feature_shape_{side}'] == [1, expected['embed_dim']], name


def size(params):
    return sum(param.numel() for param in params)


def official_names(method, part, state):
    keymap = KEYMAPS[f'sslight-{method.lower()}']
    return keymap.to_official({f'{part}{name}': value for name, value in state.items()})


def shapes(state, prefix):
    assert all(name.startswith(prefix) for name in state)
    return [(name.removeprefix(prefix), list(value.shape)) for name, value in state.items()]


def treatments_of(model, cfg):
    """Per trained parameter: factor of the weight decay and, for LARS, whether it is taken out of the scaling."""
    optimizer, decay = build_optim_wrapper(model, cfg).optimizer, cfg['optimizer']['weight_decay']
    treatments = {}
    for group in optimizer.param_groups:
        for param in group['params']:
            excluded = (
                not group['adapt'] or (param.ndim <= 1 and not group['adapt_vectors']) if 'adapt' in group else None
            )
            treatments[id(param)] = group['weight_decay'] / decay, excluded
    assert len(treatments) == sum(param.requires_grad for param in model.parameters())
    named = {name: param for name, param in model.named_parameters() if param.requires_grad}
    return {name: (treatments[id(param)], param) for name, param in named.items()}
