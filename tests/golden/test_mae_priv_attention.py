"""MAE-priv's attention rollout, plain and weighted by gradients, against the official code."""

import re

import pytest
import torch
from golden.mae_priv_models import classifier, fill

from sslrecipes.visualization.attention_maps import record_attention, record_gradients
from sslrecipes.visualization.rollout import RolloutOptions, attention_rollout, gradient_rollout

MASK = re.compile(r'(?P<rows>rownorm_)?mask(_layer(?P<layer>\d+))?_(?P<fusion>[a-z]+)_(?P<ratio>[\d.]+)')


@pytest.fixture
def model(case):
    return fill(classifier(case.hyper), case)


def numbered(case, name):
    """The expected tensors ``name_0``, ``name_1``, ... of the blocks."""
    return [case[f'out/{name}_{i}'] for i in range(case.hyper['depth'])]


@pytest.mark.golden('mae_priv/attention_rollout')
def test_attention_rollout(case, close, model):
    images = case['in/imgs']
    for block, expected in zip(record_attention(model, images), numbered(case, 'attention'), strict=True):
        close(torch.stack(list(block.maps()), dim=1), expected)
    for name, expected in case.part('out/').items():
        if name.startswith('attention_'):
            continue
        found = MASK.fullmatch(name)
        assert found, f'unknown expectation {name}'
        layer = None if found['layer'] is None else int(found['layer'])
        options = RolloutOptions(found['fusion'], float(found['ratio']), layer, official=not found['rows'])
        close(attention_rollout(model, images, options)[0], expected.nan_to_num(0.0))  # officially 0 / 0 = NaN


@pytest.mark.golden('mae_priv/grad_rollout')
def test_gradient_rollout(case, close, model):
    images, category, ratio = case['in/imgs'], case.hyper['category_index'], case.hyper['discard_ratio']
    blocks = record_gradients(model, images, category)
    for block, expected in zip(blocks, numbered(case, 'attention'), strict=True):
        close(torch.stack(list(block.maps()), dim=1), expected)
    for block, expected in zip(reversed(blocks), numbered(case, 'gradient'), strict=True):
        close(torch.stack(list(block.logit_gradients()), dim=1), expected, 'grad')
    for name, official in (('mask', True), ('mask_aligned', False)):
        options = RolloutOptions(discard_ratio=ratio, official=official)
        close(gradient_rollout(model, images, category, options)[0], case[f'out/{name}'])
