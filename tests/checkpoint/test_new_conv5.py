"""A ResNet classifier that takes all but its last stage from a network that was pre-trained without it."""

import pytest
import torch
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.registry import MODELS

NO_CONV5 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
KAIMING = [dict(type='Kaiming', layer='Conv2d'), dict(type='Constant', val=1, layer='_BatchNorm')]
NEW = dict(fresh=('layer4.',), fresh_init=KAIMING)


def resnet(depth=18, **options):
    return MODELS.build(dict(type='ResNet', depth=depth, base_channels=8, zero_init_residual=False, **options))


def saved(path, **networks):
    """Write networks with weights of their own to a checkpoint."""
    state = {f'{name}.{key}': value for name, net in networks.items() for key, value in net.state_dict().items()}
    for value in filter(torch.is_floating_point, state.values()):
        value.normal_()
    return str(save_torch(path, {'state_dict': state, 'meta': {}}))


def classifier(checkpoint, depth=18, **how):
    init = dict(type='Pretrained', checkpoint=checkpoint, prefix='backbone.', **how)
    return resnet(depth, init_cfg=init)


@pytest.mark.parametrize('depth', [18, 34, 50])
@pytest.mark.parametrize('stages', [NO_CONV5, {}])
def test_the_last_stage_is_new_and_all_else_is_the_files(tmp_path, depth, stages):
    """Also where the file has a last stage, as S3L's ``--no-conv5``."""
    trained = resnet(depth, **stages)
    net = classifier(saved(tmp_path / 'a.pth', backbone=trained), depth, **NEW)
    net.init_weights()
    taken = trained.state_dict()
    for name, value in net.state_dict().items():
        if not name.startswith('layer4.'):
            assert torch.equal(value, taken[name]), name
        elif value.ndim == 4:
            spread = (2 / (value.shape[0] * value.shape[2] * value.shape[3])) ** 0.5
            assert value.std().item() == pytest.approx(spread, rel=0.2), name
        else:
            assert (value == float(name.endswith(('weight', 'running_var')))).all(), name


def test_without_a_word_it_is_refused(tmp_path):
    checkpoint = saved(tmp_path / 'a.pth', backbone=resnet(**NO_CONV5))
    with pytest.raises(CoverageError, match=r"ends with layer3, the model's with layer4: set num_stages=3 .* anew by"):
        classifier(checkpoint).init_weights()


@pytest.mark.parametrize(
    ('held', 'sentence'),
    [
        (dict(backbone=resnet(50, **NO_CONV5)), r'missing: layer1.0.conv1.*|other shape'),
        (dict(backbone=resnet(34, **NO_CONV5)), 'the file comes from a deeper network: layer1.2'),
        (dict(backbone=MODELS.build(dict(type='MobileNetV2', widen_factor=0.1))), 'fills 0 of .* weights of ResNet'),
        (dict(decoder=nn.Linear(2, 3)), 'fills 0 of .* weights of ResNet; missing: conv1.weight'),
    ],
    ids=['another block', 'another depth', 'another network', 'no backbone'],
)
def test_what_does_not_fit_is_refused(tmp_path, held, sentence):
    net = classifier(saved(tmp_path / 'a.pth', **held), **NEW)
    before = net.conv1.weight.clone()
    with pytest.raises(CoverageError, match=sentence):
        net.init_weights()
    assert torch.equal(net.conv1.weight, before)


def test_another_width_is_refused(tmp_path):
    wide = MODELS.build(dict(type='ResNet', depth=18, base_channels=16, **NO_CONV5))
    with pytest.raises(
        CoverageError, match=r'^"[^"]*a\.pth" fills .* other shape: layer1.0.conv1.weight \(file \(16, 64, 3, 3\)'
    ):
        classifier(saved(tmp_path / 'a.pth', backbone=wide), **NEW).init_weights()


def test_a_missing_predecessor_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r'epoch_200\.pth'):
        classifier(str(tmp_path / 'epoch_200.pth'), **NEW).init_weights()


def test_a_fresh_part_that_is_not_there_is_refused(tmp_path):
    checkpoint = saved(tmp_path / 'a.pth', backbone=resnet(**NO_CONV5))
    with pytest.raises(ConfigError, match=r'^fresh_init of Pretrained: ResNet has no part "layer5"\. Did you mean'):
        classifier(checkpoint, fresh=('layer5',), fresh_init=KAIMING).init_weights()
