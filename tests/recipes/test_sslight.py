"""The recipes of SSLight against the official YAML files and scripts."""

from itertools import pairwise

import pytest

from sslrecipes.config.places import children
from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.zoo.facts import as_written

TAIL = '8xb128-coslr-200e_in1k'
ROWS = [
    ('dino', 'vit-tiny-p16'),
    ('dino', 'resnet18'),
    ('dino', 'resnet34'),
    ('dino', 'mobilenetv2'),
    ('swav', 'mobilenetv2'),
    ('moco', 'mobilenetv2'),
    ('dino', 'resnet50'),
]
VARIANTS = ('baseline', 'sslight')
VIEWS = 'train_dataloader.dataset.pipeline[1]'
FOUR_NUMBERS = {
    f'{VIEWS}.global_scale': [0.3, 1.0],
    f'{VIEWS}.local_scale': [0.05, 0.3],
    f'{VIEWS}.local_size': 128,
    'model.head.loss_weights': [0.4, 0.6],
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
    """What ``other`` says differently, by its place; names of the files' own are left out, lists are one value."""
    first, second = settings(one), settings(other)
    return {place: second.get(place) for place in first | second if first.get(place) != second.get(place)}


def settings(cfg):
    return dict(pair for key in RUNNER_KEYS for pair in leaves(cfg.get(key), key))


def leaves(node, place):
    if isinstance(node, dict) or (isinstance(node, (list, tuple)) and any(isinstance(item, dict) for item in node)):
        for step, value in children(node):
            yield from leaves(value, place + step)
    else:
        yield place, as_written(node)


@pytest.fixture(params=ROWS, ids='-'.join)
def row(request):
    """Method and backbone."""
    return request.param


@pytest.fixture(params=VARIANTS)
def variant(request):
    """Kind of views."""
    return request.param


def test_baseline_and_sslight_differ_in_four_places(row, resolve):
    baseline, sslight = (resolve(pretraining(*row, variant)) for variant in VARIANTS)
    assert differences(baseline, sslight) == FOUR_NUMBERS


def test_no_name_of_a_files_own_contradicts_what_trains(row, variant, resolve):
    cfg = resolve(pretraining(*row, variant))
    assert cfg.train_pipeline == cfg.train_dataloader.dataset.pipeline


def test_residual_blocks_start_as_in_the_official_code(row, variant, resolve):
    """MMPretrain would set the last norm of each block to zero."""
    backbone = resolve(pretraining(*row, variant)).model.backbone
    assert backbone.type != 'ResNet' or backbone.zero_init_residual is False


def detector(kind, backbone, variant):
    return f'{kind}-rcnn_{backbone}-fpn_dino-{variant}-pre_8xb2-multisteplr-90k_coco'


def test_reported_numbers(cards):
    expected = {}
    for index, variant in enumerate(VARIANTS):
        for row, values in REPORTED_LINEAR.items():
            expected |= {kind(*row, variant): values[index] for kind in (pretraining, linear)}
        for backbone, by_percent in REPORTED_SEMI.items():
            expected |= {semi(backbone, variant, percent): values[index] for percent, values in by_percent.items()}
        for backbone, by_detector in REPORTED_DETECTION.items():
            expected |= {detector(kind, backbone, variant): values[index] for kind, values in by_detector.items()}
    assert {name: cards[name].reported.value for name in expected} == expected


def test_the_path_from_baseline_to_sslight_takes_one_number_at_a_time(resolve):
    steps = ('step1-loss-weights', 'step2-local-size', 'step3-local-scale')
    path = [pretraining('dino', 'resnet18', 'baseline')]
    path += [f'dino-{step}_resnet18_{TAIL}' for step in steps]
    path += [pretraining('dino', 'resnet18', 'sslight')]
    taken = [differences(resolve(one), resolve(other)) for one, other in pairwise(path)]
    order = ('model.head.loss_weights', f'{VIEWS}.local_size', f'{VIEWS}.local_scale', f'{VIEWS}.global_scale')
    assert taken == [{place: FOUR_NUMBERS[place]} for place in order]


@pytest.mark.parametrize('number', [2, 4, 8])
def test_other_numbers_of_locals_keep_the_standard_loss(number, resolve):
    ablation = f'dino-locals{number}_resnet18_{TAIL}'
    changed = differences(resolve(pretraining('dino', 'resnet18', 'baseline')), resolve(ablation))
    weights = changed.pop('model.head.loss_weights')
    assert changed == {f'{VIEWS}.num_locals': number}
    pairs = 2 + 2 * number
    assert weights == pytest.approx([2 / pairs, 2 * number / pairs], rel=1e-5)
