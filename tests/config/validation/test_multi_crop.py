from copy import deepcopy
from pathlib import Path

import pytest

from sslrecipes.config.reading import read_config
from sslrecipes.config.validation.schema import check_schema
from sslrecipes.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
VIEWS = 'train_dataloader.dataset.pipeline.1'


@pytest.fixture(scope='module')
def recipes():
    names = {'DINO': 'dino-baseline_resnet18', 'MoCo': 'moco-baseline_mobilenetv2'}
    folder = ROOT / 'configs/sslight'
    return {method: read_config(folder / f'{name}_8xb128-coslr-200e_in1k.py') for method, name in names.items()}


@pytest.mark.parametrize(
    ('method', 'edit', 'sentence', 'place'),
    [
        ('DINO', {'model.head.loss_weights': (1.0,)}, 'has 1 numbers, but 6 local views need 2', 'num_locals'),
        ('DINO', {f'{VIEWS}.num_locals': 0}, 'has 2 numbers, but 0 local views need 1', 'num_locals'),
        (
            'DINO',
            {f'{VIEWS}.num_locals': -1},
            'num_locals is -1, but must be a whole number of at least 0',
            'num_locals',
        ),
        ('DINO', {f'{VIEWS}.local_scale': 0.3}, 'local_scale is 0.3, but must be 2 values', 'local_scale'),
        ('DINO', {'model.probe.in_channels': 2048}, 'in_channels is 512 but model.probe.in_channels is 2048', 'probe'),
        ('DINO', {'model.head.out_channels': 8192}, 'out_channels is 4096 but model.head.out_channels is 8192', 'head'),
        ('MoCo', {'model.head.feat_channels': 64}, 'out_channels is 128 but model.head.feat_channels is 64', 'head'),
        (
            'MoCo',
            {'train_dataloader.batch_size': 96},
            'queue_length=65536 must be a multiple of the batch size 96',
            'head',
        ),
        (
            'MoCo',
            {'optim_wrapper.accumulative_counts': 1024},
            '65536 is less than the 1 x 128 x 1024 images',
            'head',
        ),
        ('DINO', {f'{VIEWS}.blur': 0.5}, 'blur is 0.5, but must be 3 probabilities', 'blur'),
        ('DINO', {'train_dataloader.dataset.type': 'ImageFolder'}, 'model.probe needs labels', 'dataset'),
        (
            'MoCo',
            {'train_dataloader.dataset.with_label': False},
            'use labelled data, or set model.probe=None',
            'dataset',
        ),
        ('DINO', {'param_scheduler.final': '0'}, "param_scheduler.final is '0', but must be a number", 'final'),
        (
            'DINO',
            {'param_scheduler.per_epoch': 1},
            'param_scheduler.per_epoch is 1, but must be True or False',
            'per_epoch',
        ),
    ],
)
def test_parts_that_do_not_fit_are_told_before_anything_is_built(recipes, method, edit, sentence, place):
    cfg = deepcopy(recipes[method])
    check_schema(cfg)
    cfg.merge_from_dict(edit)
    with pytest.raises(ConfigError) as caught:
        check_schema(cfg)
    assert sentence in str(caught.value)
    assert any(place in named for named in caught.value.places)


def test_a_wrapped_data_set_is_looked_through(recipes):
    cfg = deepcopy(recipes['DINO'])
    inner = cfg.train_dataloader.dataset
    inner.pipeline[1].num_locals = 0
    cfg.train_dataloader.dataset = dict(type='RepeatDataset', times=2, dataset=inner)
    with pytest.raises(ConfigError, match='0 local views need 1'):
        check_schema(cfg)


def test_global_views_alone_have_one_weight_and_a_method_without_probe_needs_no_labels(recipes):
    cfg = deepcopy(recipes['DINO'])
    cfg.merge_from_dict({'model.head.loss_weights': (1.0,), f'{VIEWS}.num_locals': 0, 'model.probe': None})
    cfg.train_dataloader.dataset.type = 'ImageFolder'
    check_schema(cfg)


def test_a_method_that_nobody_knows_here_is_left_to_its_classes(recipes):
    cfg = deepcopy(recipes['DINO'])
    own = {'model.head': dict(type='NewHead', loss_weights=(1, 2, 3), out_channels=7, queue_length=5, _delete_=True)}
    cfg.merge_from_dict(own)
    cfg.train_dataloader.dataset.pipeline.append(dict(type='NewViews', jitter=3, global_size='any'))
    check_schema(cfg)
