"""Rotation and Jigsaw against plain torch."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS

BATCH = 4
ROTATION = dict(type='Rotation', head=dict(type='PretextClsHead', in_channels=6, num_pretext_classes=4))
JIGSAW = dict(
    type='Jigsaw',
    neck=dict(type='JigsawNeck', in_channels=6, hidden_channels=5, out_channels=7),
    head=dict(type='PretextClsHead', in_channels=7, num_pretext_classes=24),
)


@pytest.fixture
def build(tiny_backbone):
    def make(cfg, **options):
        torch.manual_seed(0)
        model = MODELS.build(copy.deepcopy(dict(backbone=tiny_backbone, **{**cfg, **options}))).train()
        model.init_weights()
        torch.nn.init.normal_(model.head.fc.weight)
        return model

    return make


def pictures(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def compare(model, plain, losses, expected):
    """Equal losses, and equal gradients of all parameters."""
    loss = next(value for name, value in losses.items() if name.startswith('loss'))
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    for (name, parameter), other in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, msg=lambda text, name=name: f'{name}: {text}')


def test_rotation_turns_each_image_four_times(build):
    model, images = build(ROTATION), pictures(BATCH, 3, 8, 8)
    plain = copy.deepcopy(model)
    turned, labels = [], []
    for turns in range(4):
        for image in images:
            rotated = image.clone()
            for _ in range(turns):  # a quarter, against the clock
                rotated = rotated.transpose(1, 2).flip(1)
            turned.append(rotated)
            labels.append(turns)
    logits = F.linear(plain.backbone(torch.stack(turned))[-1].mean(dim=(2, 3)), *plain.head.fc.parameters())
    losses = model(images, mode='loss')
    assert float(losses['rotation_top1']) == 100 * (logits.argmax(1) == torch.tensor(labels)).float().mean()
    compare(model, plain, losses, F.cross_entropy(logits, torch.tensor(labels)))


def test_jigsaw_shuffles_tiles_of_equal_contrast(build):
    model, tiles = build(JIGSAW), [3 * tile + 1 for tile in pictures(9, BATCH, 3, 4, 4)]
    plain = copy.deepcopy(model)
    torch.manual_seed(5)
    losses = model(tiles, mode='loss')
    torch.manual_seed(5)
    labels = torch.randint(24, (BATCH,))
    features = []
    for image, label in enumerate(labels):
        pieces = [tiles[piece][image] for piece in plain.permutations[label].tolist()]
        features += [F.layer_norm(piece.flatten(1), (16,)).view(3, 4, 4) for piece in pieces]
    maps = plain.backbone(torch.stack(features))[-1].mean(dim=(2, 3))
    fc6, fc7 = plain.neck.piece[0], plain.neck.puzzle[0]
    side_by_side = torch.stack([torch.cat([*F.relu(fc6(maps[9 * i : 9 * i + 9]))]) for i in range(BATCH)])
    logits = plain.head.fc(F.relu(fc7(side_by_side)))
    assert float(losses['jigsaw_top1']) == 100 * (logits.argmax(1) == labels).float().mean()
    compare(model, plain, losses, F.cross_entropy(logits, labels))


def test_batch_norms_take_the_place_of_biases(build):
    model = build(JIGSAW, neck={**JIGSAW['neck'], 'with_bn': True})
    fc6, norm6, _, fc7, norm7, _ = [*model.neck.piece, *model.neck.puzzle]
    assert fc6.bias is fc7.bias is None
    features = pictures(18, 6)
    pieces = F.relu(F.batch_norm(features @ fc6.weight.T, None, None, norm6.weight, norm6.bias, training=True))
    joined = torch.stack([pieces[:9].flatten(), pieces[9:].flatten()])
    expected = F.relu(F.batch_norm(joined @ fc7.weight.T, None, None, norm7.weight, norm7.bias, training=True))
    torch.testing.assert_close(model.neck(features), expected)


def test_a_neck_comes_between_features_and_classifier(build):
    neck = dict(type='MLPNeck', in_channels=6, hidden_channels=5, out_channels=6)
    model, images = build(ROTATION, neck=neck), pictures(BATCH, 3, 8, 8)
    plain = copy.deepcopy(model)
    turned = torch.cat([images.rot90(turns, (2, 3)) for turns in range(4)])
    logits = plain.head.fc(plain.neck(plain.backbone(turned)[-1].mean(dim=(2, 3))))
    compare(model, plain, model(images, mode='loss'), F.cross_entropy(logits, torch.arange(4).repeat_interleave(BATCH)))


def test_permutations_are_no_weights(build):
    """They are the same always, so that files needn't hold them."""
    assert 'permutations' not in build(JIGSAW).state_dict()


def test_the_joint_probe_sees_upright_images(build):
    model, images, heard = build(ROTATION), pictures(BATCH, 3, 8, 8), []
    model.probe_loss = lambda features, _: heard.append(features) or {}
    plain = copy.deepcopy(model)
    model(images, mode='loss')
    everything = plain.extract_feat(torch.cat([images.rot90(turns, (2, 3)) for turns in range(4)]))
    torch.testing.assert_close(heard, [everything[:BATCH]])


def test_the_joint_probe_sees_the_mean_of_an_images_tiles(build):
    model, heard = build(JIGSAW).eval(), []
    model.probe_loss = lambda features, _: heard.append(features) or {}
    tiles = [*pictures(9, BATCH, 3, 4, 4)]
    model(tiles, mode='loss')
    of_tiles = [model.extract_feat(F.layer_norm(tile.flatten(2), (16,)).view_as(tile)) for tile in tiles]
    torch.testing.assert_close(heard, [torch.stack(of_tiles).mean(dim=0)])


def test_an_even_tile_is_no_division_by_zero(build):
    tiles = [torch.ones(BATCH, 3, 4, 4)] * 9
    loss = build(JIGSAW)(tiles, mode='loss')['loss_jigsaw']
    loss.backward()
    assert loss.isfinite()


@pytest.mark.parametrize('cfg', [ROTATION, JIGSAW], ids=['rotation', 'jigsaw'])
def test_the_joint_probe_learns_beside_the_task(build, cfg, labelled):
    model = build(cfg, probe=dict(in_channels=6, num_classes=3))
    inputs = pictures(BATCH, 3, 8, 8) if cfg is ROTATION else [*pictures(9, BATCH, 3, 4, 4)]
    losses = model(inputs, labelled(0, 1, 2, 0), mode='loss')
    assert {'loss_probe', 'probe_top1'} <= losses.keys()
    assert model(pictures(BATCH, 3, 8, 8), mode='tensor').shape == (BATCH, 6)


@pytest.mark.parametrize(
    ('cfg', 'inputs', 'sentence'),
    [
        (ROTATION, [torch.zeros(2, 3, 8, 8)] * 2, 'Rotation takes one view of an image, the data gives 2'),
        (ROTATION, torch.zeros(2, 3, 8, 6), 'Rotation turns square images, these are 6 x 8 pixels'),
        (JIGSAW, torch.zeros(2, 3, 8, 8), 'Jigsaw shuffles 9 tiles of an image, the data gives 1'),
        (JIGSAW, [torch.zeros(2, 3, 8, 8)] * 2, 'Jigsaw shuffles 9 tiles of an image, the data gives 2'),
    ],
)
def test_other_views_are_refused(build, cfg, inputs, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build(cfg)(inputs, mode='loss')


@pytest.mark.parametrize(
    ('cfg', 'classes', 'sentence'),
    [
        (ROTATION, 3, 'num_pretext_classes is 3 but the number of rotations is 4'),
        (JIGSAW, 2000, 'num_pretext_classes is 2000, but must be a whole number of at least 2 and below 1513'),
        (JIGSAW, 0, 'num_pretext_classes is 0, but must be a whole number of at least 1'),
    ],
)
def test_other_numbers_of_classes_are_refused(build, cfg, classes, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build(cfg, head={**cfg['head'], 'num_pretext_classes': classes})
