from functools import partial
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.costs import step_cost
from sslrecipes.commands.dense_costs import picture_size
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.loading import load_config
from sslrecipes.registry import MODELS
from sslrecipes.studies.costs import Cost, checkpoints_kept, kind_of
from sslrecipes.studies.images import images_seen
from sslrecipes.studies.plan import totals
from sslrecipes.studies.states import NEW, State

CONFIGS = Path(__file__).parents[2] / 'configs'


class Planned:
    name = 'one'


@pytest.mark.parametrize(
    'recipe', ['mae-priv-gap_vit-nano-p4_1xb64-coslr-8e', 'dino-sslight_resnet-nano_1xb128-coslr-10e']
)
def test_what_is_counted_without_computing_is_what_a_step_computes(recipe):
    cfg = load_config(CONFIGS / f'quickstart/{recipe}_photo-tiles-32px.py')
    with DefaultScope.overwrite_default_scope('sslrecipes'):
        model = MODELS.build({'data_preprocessor': cfg.data_preprocessor, **cfg.model})
    cost, kind = step_cost(model, partial(synthetic_batch, cfg), progress=mid_run(cfg)), kind_of(cfg)
    assert kind.flops == pytest.approx(cost.flops, rel=0.02)  # attention on CPUs computes some products twice
    assert kind.step_flops == cost.step_flops
    assert 4 * cost.parameters < kind.checkpoint <= cost.states


def test_detectors_and_tests_are_counted_too():
    cfg = load_config(
        CONFIGS / 'sslight/transfer/faster-rcnn_resnet18-fpn_dino-sslight-pre_8xb2-multisteplr-90k_coco.py'
    )
    assert picture_size(cfg) == (736, 992)
    assert images_seen(cfg) == 90_000 * 16
    assert 500e9 < kind_of(cfg).flops < 800e9
    knn = load_config(CONFIGS / 'mae_priv/benchmarks/vit-small-p16_mae-priv-gap-100e-pre_knn_in1k.py')
    assert images_seen(knn) == 1_281_167 + 50_000
    assert kind_of(knn).flops == pytest.approx(9.2e9, rel=0.05)


@pytest.mark.parametrize(('part', 'images', 'epochs'), [('1percent', 12_811, 60), ('10percent', 128_116, 30)])
def test_images_of_parts_of_imagenet_are_known(part, images, epochs):
    loader = dict(batch_size=2, dataset=dict(type='ImageSubset', subset=f'lists/{part}.txt', data_root='nowhere'))
    cfg = Config(dict(train_cfg=dict(max_epochs=epochs), train_dataloader=loader))
    assert images_seen(cfg) == images * epochs


@pytest.mark.parametrize('refusal', [NotImplementedError, ValueError, KeyError])
def test_what_a_component_refuses_is_of_unknown_cost(monkeypatch, refusal):
    def refuse(cfg):
        raise refusal('not here')

    monkeypatch.setattr(MODELS, 'build', refuse)
    assert kind_of(Config(dict(model=dict(type='Refusing'), train_cfg=dict(max_epochs=1)))) is None


def test_milestones_and_the_best_are_kept_beside_the_last():
    hook = dict(max_keep_ckpts=2, keep_every=20, save_best='auto')
    assert checkpoints_kept(Config(dict(train_cfg=dict(max_epochs=200), default_hooks=dict(checkpoint=hook)))) == 13
    assert checkpoints_kept(Config(dict(train_cfg=dict(max_iters=9)))) == 1


def test_the_hours_of_gpus_are_told():
    said = totals([Planned], {'one': State(NEW)}, {'one': Cost(seconds=3600.0, gpus=8)}, 1)
    assert 'about 1:00:00 on 8 GPUs (8 GPU-hours)' in said
