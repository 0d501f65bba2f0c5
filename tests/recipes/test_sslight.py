"""The recipes of SSLight against the official YAML files and scripts."""

from itertools import pairwise

import pytest

from sslrecipes.config.places import walk
from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.zoo.facts import facts

TAIL = '8xb128-coslr-200e_in1k'
ROWS = [
    ('dino', 'vit-tiny-p16'),
    ('dino', 'resnet18'),
    ('dino', 'resnet34'),
    ('dino', 'mobilenetv2'),
    ('swav', 'mobilenetv2'),
    ('moco', 'mobilenetv2'),
]
SEMI = ('resnet18', 'resnet34', 'mobilenetv2')
WITHOUT_NUMBER = [('dino', 'resnet50')]

VIEWS = 'train_dataloader.dataset.pipeline[1]'
FOUR_NUMBERS = {
    f'{VIEWS}.global_scale': (0.3, 1.0),
    f'{VIEWS}.local_scale': (0.05, 0.3),
    f'{VIEWS}.local_size': 128,
    'model.head.loss_weights': (0.4, 0.6),
}

# what all twelve rows have in common
TRAINING = {
    'effective_batch': 1024,
    'epochs': 200,
    'warmup_epochs': 10,
    'global_size': 224,
    'joint_probe_classes': 1000,
}
CNN = {
    **TRAINING,
    'optimizer': 'LARS',
    'momentum': 0.9,
    'weight_decay': 1e-6,
    'no_decay_depthwise': True,
    'final_lr': 0.0048,
    'num_locals': 6,
    'sync_bn': 'torch',
}
DINO = {
    'hidden_channels': 2048,
    'bottleneck_channels': 256,
    'frozen_last_layer_epochs': 1,
    'student_temperature': 0.1,
    'first_teacher_temperature': 0.04,
    'teacher_temperature': 0.07,
    'center_momentum': 0.9,
    'first_ema_momentum': 0.996,
}
DINO_CNN = {
    **CNN,
    **DINO,
    'base_lr': 0.48,
    'lr': 1.92,
    'start_lr': 0.0,
    'out_channels': 4096,
    'head_bn': True,
    'fixed_gain': True,
    'teacher_temperature_epochs': 50,
}
WEAK = {'jitter': [0.4, 0.4, 0.2, 0.1], 'blur': [1.0, 0.1, 0.5], 'solarize': [0.0, 0.2, 0.0]}
STRONG = {'jitter': [0.8, 0.8, 0.8, 0.2], 'blur': [0.5, 0.5, 0.5], 'solarize': [0.0, 0.0, 0.0]}
SETTINGS = {
    ('dino', 'vit-tiny-p16'): {
        **TRAINING,
        **DINO,
        **WEAK,
        'arch': 'vit-tiny',
        'image_size': 224,
        'patch_size': 16,
        'drop_path': 0.1,
        'optimizer': 'AdamW',
        'betas': [0.9, 0.999],
        'base_lr': 5e-4,
        'lr': 2e-3,
        'start_lr': 0.0,
        'final_lr': 1e-5,
        'weight_decay': 0.04,
        'final_weight_decay': 0.4,
        'num_locals': 10,
        'out_channels': 65536,
        'head_bn': False,
        'fixed_gain': False,
        'teacher_temperature_epochs': 30,
    },
    ('dino', 'resnet18'): {**DINO_CNN, **WEAK, 'arch': 'resnet18'},
    ('dino', 'resnet34'): {**DINO_CNN, **WEAK, 'arch': 'resnet34'},
    ('dino', 'resnet50'): {**DINO_CNN, **WEAK, 'arch': 'resnet50'},
    ('dino', 'mobilenetv2'): {**DINO_CNN, **WEAK, 'arch': 'mobilenetv2'},
    ('swav', 'mobilenetv2'): {
        **CNN,
        **STRONG,
        'arch': 'mobilenetv2',
        'base_lr': 0.3,
        'lr': 1.2,
        'start_lr': 0.075,
        'hidden_channels': 4096,
        'out_channels': 128,
        'prototypes': 3000,
        'frozen_prototypes_epochs': 1,
        'loss_temperature': 0.1,
        'epsilon': 0.05,
        'sinkhorn_iterations': 3,
        'queue_length': 3840,
        'queue_start_epoch': 15,
    },
    ('moco', 'mobilenetv2'): {
        **CNN,
        **WEAK,
        'arch': 'mobilenetv2',
        'base_lr': 0.48,
        'lr': 1.92,
        'start_lr': 0.0,
        'hidden_channels': 2048,
        'out_channels': 128,
        'loss_temperature': 0.2,
        'queue_length': 65536,
        'ema_momentum': 0.999,
    },
}
CNN_VIEWS = {
    'baseline': {
        'global_scale': [0.14, 1.0],
        'local_size': 96,
        'local_scale': [0.05, 0.14],
        'loss_weights': [0.142857, 0.857143],
    },
    'sslight': {'global_scale': [0.3, 1.0], 'local_size': 128, 'local_scale': [0.05, 0.3], 'loss_weights': [0.4, 0.6]},
}
VIT_BASELINE = {
    'global_scale': [0.25, 1.0],
    'local_size': 96,
    'local_scale': [0.05, 0.25],
    'loss_weights': [0.090909, 0.909091],
}
# top-1 (%) of the linear evaluation, and with 1 % and 10 % of the labels: baseline, sslight
REPORTED_LINEAR = {
    ('dino', 'vit-tiny-p16'): (66.7, 69.5),
    ('dino', 'resnet18'): (62.2, 65.7),
    ('dino', 'resnet34'): (67.7, 69.7),
    ('dino', 'mobilenetv2'): (66.2, 68.3),
    ('swav', 'mobilenetv2'): (65.2, 67.3),
    ('moco', 'mobilenetv2'): (60.6, 61.6),
}
REPORTED_SEMI = {
    'resnet18': {1: (44.5, 49.8), 10: (59.2, 63.0)},
    'resnet34': {1: (52.4, 55.2), 10: (65.4, 67.2)},
    'mobilenetv2': {1: (47.9, 50.6), 10: (61.3, 63.5)},
}
#: Box AP of Faster R-CNN and mask AP of Mask R-CNN, (baseline, sslight) each.
REPORTED_DETECTION = {
    'resnet18': {'faster': (32.7, 34.1), 'mask': (30.6, 31.8)},
    'resnet34': {'faster': (37.6, 38.6), 'mask': (34.6, 35.5)},
    'mobilenetv2': {'faster': (30.9, 32.1), 'mask': (28.1, 29.1)},
}


def pretraining(method, backbone, variant):
    return f'{method}-{variant}_{backbone}_{TAIL}'


def linear(method, backbone, variant):
    batch = 128 if 'vit' in backbone else 512
    return f'{backbone}_{method}-{variant}-pre_8xb{batch}-linear-coslr-100e_in1k'


def semi(backbone, variant, percent):
    epochs = {1: 60, 10: 30}[percent]
    return f'{backbone}_dino-{variant}-pre_8xb128-coslr-{epochs}e_in1k-{percent}pct'


def differences(one, other):
    """What ``other`` says differently, by its place; names of the files' own are left out, tuples are one value."""
    first, second = settings(one), settings(other)
    changed = [place for place in first | second if repr(first.get(place)) != repr(second.get(place))]
    return {place: second.get(place) for place in changed if place.rpartition('[')[0] not in changed}


def settings(cfg):
    nodes = (pair for key in RUNNER_KEYS for pair in walk(cfg.get(key), key))
    return {place: node for place, node in nodes if not isinstance(node, (dict, list))}


@pytest.fixture(params=ROWS + WITHOUT_NUMBER, ids='-'.join)
def row(request):
    """Method and backbone."""
    return request.param


@pytest.fixture(params=['baseline', 'sslight'])
def variant(request):
    """Kind of views."""
    return request.param


@pytest.fixture(params=SEMI)
def backbone(request):
    """Backbone of the semi-supervised evaluation."""
    return request.param


@pytest.fixture(params=[1, 10])
def percent(request):
    """Share of the labels."""
    return request.param


def test_pretraining_has_the_published_settings(row, variant, resolve):
    views = VIT_BASELINE if 'vit' in row[1] and variant == 'baseline' else CNN_VIEWS[variant]
    assert facts(resolve(pretraining(*row, variant))) == {**SETTINGS[row], **views}


def test_baseline_and_sslight_differ_in_four_places(row, resolve):
    baseline, sslight = (resolve(pretraining(*row, variant)) for variant in CNN_VIEWS)
    assert differences(baseline, sslight) == FOUR_NUMBERS


def test_no_name_of_a_files_own_contradicts_what_trains(row, variant, resolve):
    cfg = resolve(pretraining(*row, variant))
    assert cfg.train_pipeline == cfg.train_dataloader.dataset.pipeline


def test_what_no_fact_tells(row, variant, resolve):
    cfg = resolve(pretraining(*row, variant))
    views = cfg.train_dataloader.dataset.pipeline[1]
    assert views.backend == 'pillow'
    assert cfg.train_dataloader.drop_last
    assert cfg.default_hooks.checkpoint.keep_every == 20
    assert cfg.train_cfg.val_interval == 1
    assert [evaluator.type for evaluator in cfg.val_evaluator] == ['Accuracy', 'SelfKNN']
    assert cfg.optim_wrapper.type == 'OptimWrapper'  # no mixed precision
    if 'resnet' in row[1]:
        assert cfg.model.backbone.zero_init_residual is False
    if 'vit' in row[1]:
        assert cfg.model.backbone.pos_embed_offset == 0.1
        assert cfg.get('sync_bn') is None
    else:
        assert cfg.optim_wrapper.optimizer.adapt_vectors is False


def test_linear_evaluation_belongs_to_its_pretraining(row, variant, resolve, cards):
    path = linear(*row, variant)
    assert_starts_from(resolve(path).model.backbone.init_cfg, pretraining(*row, variant), 'backbone.')
    assert cards[path].name in cards[pretraining(*row, variant)].downstream


def test_linear_evaluation_has_the_published_settings(row, variant, resolve):
    found = facts(resolve(linear(*row, variant)))
    expected = {
        'epochs': 100,
        'final_lr': 1e-6,
        'lr_per_epoch': True,
        'momentum': 0.9,
        'weight_decay': 0.0,
        'crop_scale': [0.08, 1.0],
        'lr_scales': [1.0],
    }
    if 'vit' in row[1]:
        expected |= {'optimizer': 'SGD', 'base_lr': 0.01, 'lr': 0.04, 'effective_batch': 1024, 'outputs': 'all'}
    else:
        expected |= {'optimizer': 'LARS', 'base_lr': 0.05, 'lr': 0.8, 'effective_batch': 4096}
    assert expected.items() <= found.items()
    assert 'warmup_epochs' not in found


def test_semi_supervised_evaluation_belongs_to_its_pretraining(backbone, variant, percent, resolve, cards):
    path, origin = semi(backbone, variant, percent), pretraining('dino', backbone, variant)
    model = resolve(path).model
    assert_starts_from(model.backbone.init_cfg, origin, 'backbone.')
    assert_starts_from(model.head.init_cfg, origin, 'neck.')
    assert cards[path].name in cards[origin].downstream


def test_semi_supervised_evaluation_has_the_published_settings(backbone, variant, percent, resolve):
    found = facts(resolve(semi(backbone, variant, percent)))
    expected = {
        'images': f'data/imagenet/subsets/{percent}percent.txt',
        'epochs': {1: 60, 10: 30}[percent],
        'optimizer': 'SGD',
        'nesterov': True,
        'base_lr': 0.03,
        'lr': 0.12,
        'final_lr': 1e-6,
        'lr_per_epoch': True,
        'momentum': 0.9,
        'weight_decay': 0.0,
        'effective_batch': 1024,
        'crop_scale': [0.08, 1.0],
        'sync_bn': 'torch',
    }
    assert expected.items() <= found.items()


def assert_starts_from(init_cfg, recipe, prefix):
    assert init_cfg.checkpoint == f'work_dirs/{recipe}/epoch_200.pth'
    assert init_cfg.prefix == prefix


def detector(kind, backbone, variant):
    return f'{kind}-rcnn_{backbone}-fpn_dino-{variant}-pre_8xb2-multisteplr-90k_coco'


def test_reported_numbers(cards):
    published = {
        path: card.reported.value for path, card in cards.items() if card.collection == 'SSLight' and card.reported
    }
    expected = {}
    for index, variant in enumerate(CNN_VIEWS):
        for row, values in REPORTED_LINEAR.items():
            expected |= {kind(*row, variant): values[index] for kind in (pretraining, linear)}
        for backbone, by_percent in REPORTED_SEMI.items():
            expected |= {semi(backbone, variant, percent): values[index] for percent, values in by_percent.items()}
        for backbone, by_detector in REPORTED_DETECTION.items():
            expected |= {detector(kind, backbone, variant): values[index] for kind, values in by_detector.items()}
    assert published == expected


def test_the_path_from_baseline_to_sslight_takes_one_number_at_a_time(resolve):
    steps = ('step1-loss-weights', 'step2-local-size', 'step3-local-scale', 'step4-global-scale')
    path = [pretraining('dino', 'resnet18', 'baseline')]
    path += [f'dino-{step}_resnet18_{TAIL}' for step in steps]
    taken = [differences(resolve(one), resolve(other)) for one, other in pairwise(path)]
    order = ('model.head.loss_weights', f'{VIEWS}.local_size', f'{VIEWS}.local_scale', f'{VIEWS}.global_scale')
    assert taken == [{place: FOUR_NUMBERS[place]} for place in order]
    assert differences(resolve(path[-1]), resolve(pretraining('dino', 'resnet18', 'sslight'))) == {}


@pytest.mark.parametrize('number', [2, 4, 8])
def test_other_numbers_of_locals_keep_the_standard_loss(number, resolve):
    ablation = f'dino-locals{number}_resnet18_{TAIL}'
    changed = differences(resolve(pretraining('dino', 'resnet18', 'baseline')), resolve(ablation))
    weights = changed.pop('model.head.loss_weights')
    assert changed == {f'{VIEWS}.num_locals': number}
    pairs = 2 + 2 * number
    assert weights == pytest.approx((2 / pairs, 2 * number / pairs))
