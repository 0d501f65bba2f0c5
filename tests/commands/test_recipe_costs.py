from functools import partial
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.models import ResNet

from sslrecipes.commands.costs import step_cost
from sslrecipes.commands.dense_costs import picture_size
from sslrecipes.commands.flops import flop_counter
from sslrecipes.commands.recipe_costs import recipe_cost, relative_cost
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.loading import load_config
from sslrecipes.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
WITHOUT_CONV5 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))


def forward_flops(side, **options):
    """Operations of a ResNet's forward pass on a picture."""
    network = ResNet(**options).to('meta')
    network.eval()  # which returns None there
    with torch.no_grad(), flop_counter() as counter:
        network(torch.empty(1, 3, side, side, device='meta'))
    return counter.get_total_flops()


@pytest.mark.parametrize(
    ('depth', 'gflops', 'shares', 'without_conv5'),
    [
        (50, 8.174, (0.2632, 0.0727), (0.8020, 0.2005, 0.0565)),
        (34, 7.327, (0.2634, 0.0728), (0.8247, 0.2062, 0.0585)),
        (18, 3.627, (0.2673, 0.0712), (0.7734, 0.1933, 0.0527)),
    ],
)
def test_what_small_pictures_and_a_network_without_conv5_cost(depth, gflops, shares, without_conv5):
    full = forward_flops(224, depth=depth)
    assert full / 1e9 == pytest.approx(gflops, abs=1e-3)
    counted = [forward_flops(side, depth=depth) / full for side in (112, 56)]
    assert counted == pytest.approx(shares, abs=5e-5)
    assert counted[0] <= 0.27
    assert counted[1] <= 0.075
    counted = [forward_flops(side, depth=depth, **WITHOUT_CONV5) / full for side in (224, 112, 56)]
    assert counted == pytest.approx(without_conv5, abs=5e-5)


@pytest.mark.parametrize(('options', 'most'), [({}, 1), ({'image_size': 112}, 0.27), ({'image_size': 56}, 0.075)])
def test_a_step_at_small_resolution_costs_little_of_one_at_224_px(options, most):
    cfg = load_config(CONFIGS / 's3l/moco-v2_resnet50_8xb32-coslr-200e_in1k.py', options)
    assert 0.9 * most < relative_cost(cfg) <= most


def test_tables_and_decoders_are_counted_at_both_sizes():
    cfg = load_config(CONFIGS / 'mae/mae_vit-base-p16_8xb512-amp-coslr-300e_in1k.py', {'image_size': 112})
    assert relative_cost(cfg) == pytest.approx(0.25, abs=0.01)  # a quarter of the patches


@pytest.mark.parametrize(
    'recipe', ['mae-priv-gap_vit-nano-p4_1xb64-coslr-8e', 'dino-sslight_resnet-nano_1xb128-coslr-10e']
)
def test_what_is_counted_without_computing_is_what_a_step_computes(recipe):
    cfg = load_config(CONFIGS / f'quickstart/{recipe}_photo-tiles-32px.py')
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        model = MODELS.build({'data_preprocessor': cfg.data_preprocessor, **cfg.model})
    cost, kind = step_cost(model, partial(synthetic_batch, cfg), progress=mid_run(cfg)), recipe_cost(cfg)
    assert kind.flops == pytest.approx(cost.flops, rel=0.02)  # attention on CPUs computes some products twice
    assert kind.step_flops == cost.step_flops
    assert 4 * cost.parameters < kind.checkpoint <= cost.states


def test_detectors_and_tests_are_counted_too():
    cfg = load_config(
        CONFIGS / 'sslight/transfer/faster-rcnn_resnet18-fpn_dino-sslight-pre_8xb2-multisteplr-90k_coco.py'
    )
    assert picture_size(cfg) == (736, 992)
    assert 500e9 < recipe_cost(cfg).flops < 800e9
    knn = load_config(CONFIGS / 'mae_priv/benchmarks/vit-small-p16_mae-priv-gap-100e-pre_knn_in1k.py')
    assert recipe_cost(knn).flops == pytest.approx(9.2e9, rel=0.05)


@pytest.mark.parametrize('refusal', [NotImplementedError, ValueError, KeyError])
def test_what_a_component_refuses_is_of_unknown_cost(monkeypatch, refusal):
    def refuse(cfg):
        raise refusal('not here')

    monkeypatch.setattr(MODELS, 'build', refuse)
    assert recipe_cost(Config(dict(model=dict(type='Refusing'), train_cfg=dict(max_epochs=1)))) is None
