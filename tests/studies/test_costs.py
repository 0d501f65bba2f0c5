from pathlib import Path

import pytest
from mmengine.config import Config

from sslrecipes.config.loading import load_config
from sslrecipes.studies.costs import Cost, checkpoints_kept
from sslrecipes.studies.images import images_seen
from sslrecipes.studies.plan import totals
from sslrecipes.studies.states import NEW, State

CONFIGS = Path(__file__).parents[2] / 'configs'


class Planned:
    name = 'one'


@pytest.mark.parametrize(
    ('recipe', 'images'),
    [
        ('sslight/transfer/faster-rcnn_resnet18-fpn_dino-sslight-pre_8xb2-multisteplr-90k_coco', 90_000 * 16),
        ('mae_priv/benchmarks/vit-small-p16_mae-priv-gap-100e-pre_knn_in1k', 1_281_167 + 50_000),
    ],
)
def test_images_of_detectors_and_tests(recipe, images):
    assert images_seen(load_config(CONFIGS / f'{recipe}.py')) == images


@pytest.mark.parametrize(('part', 'images', 'epochs'), [('1percent', 12_811, 60), ('10percent', 128_116, 30)])
def test_images_of_parts_of_imagenet_are_known(part, images, epochs):
    loader = dict(batch_size=2, dataset=dict(type='ImageSubset', subset=f'lists/{part}.txt', data_root='nowhere'))
    cfg = Config(dict(train_cfg=dict(max_epochs=epochs), train_dataloader=loader))
    assert images_seen(cfg) == images * epochs


def test_milestones_and_the_best_are_kept_beside_the_last():
    hook = dict(max_keep_ckpts=2, keep_every=20, save_best='auto')
    assert checkpoints_kept(Config(dict(train_cfg=dict(max_epochs=200), default_hooks=dict(checkpoint=hook)))) == 13
    assert checkpoints_kept(Config(dict(train_cfg=dict(max_iters=9)))) == 1


def test_the_hours_of_gpus_are_told():
    said = totals([Planned], {'one': State(NEW)}, {'one': Cost(seconds=3600.0, gpus=8)}, 1)
    assert 'about 1:00:00 on 8 GPUs (8 GPU-hours)' in said
