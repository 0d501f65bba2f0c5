import pytest
import torch

from sslrecipes.registry import MODELS
from sslrecipes.visualization.explanation import explain, rollout_facts
from sslrecipes.visualization.overlay import overlay
from sslrecipes.visualization.rollout import RolloutOptions, attention_rollout, gradient_rollout

MEAN, STD = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]


@pytest.fixture
def classifier():
    arch = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16)
    model = MODELS.build(
        dict(
            type='ImageClassifier',
            data_preprocessor=dict(mean=MEAN, std=STD, to_rgb=True),
            backbone=dict(type='VisionTransformer', arch=arch, img_size=16, patch_size=4),
            head=dict(type='LinearClsHead', num_classes=3, in_channels=8),
        )
    )
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.fixture
def pictures():
    """Colours in the loader's BGR order."""
    return torch.randint(0, 256, (2, 3, 12, 20), dtype=torch.uint8)


def test_pictures_are_rollouts_of_the_normalised_rgb_image(classifier, pictures):
    options = RolloutOptions('mean', 0.5)
    shown, plain, weighted = explain(classifier, pictures, options, category=2)
    rgb = pictures.flip(1)
    images = (rgb - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    assert shown.pictures.equal(rgb)
    for kind, masks in (
        (plain, attention_rollout(classifier, images, options)),
        (weighted, gradient_rollout(classifier, images, 2, options)),
    ):
        expected = torch.stack([overlay(picture, mask) for picture, mask in zip(rgb, masks, strict=True)])
        assert (kind.pictures.int() - expected.int()).abs().max() <= 2  # batches round otherwise


@pytest.mark.parametrize(
    ('options', 'names'),
    [
        (RolloutOptions(), ['attention_rollout_0.900_max', 'grad_rollout_1_0.900_max']),
        (
            RolloutOptions('min', 0.25, layer=1),
            ['attention_rollout_0.250_min_layer1', 'grad_rollout_1_0.250_min_layer1'],
        ),
        (RolloutOptions(official=True), ['attention_rollout_0.900_max_official', 'grad_rollout_1_0.900_max_official']),
    ],
)
def test_file_names_are_those_of_the_official_tool(classifier, pictures, options, names):
    kinds = explain(classifier, pictures, options, category=1)
    assert [kind.file_name for kind in kinds] == ['input.png', *(f'{name}.png' for name in names)]
    assert [kind.name for kind in kinds] == ['input', 'attention rollout', 'gradient rollout']


def test_facts_tell_what_the_pictures_depend_on(classifier, mae):
    facts = rollout_facts(classifier, RolloutOptions('min', 0.25, layer=1, official=True))
    assert facts == {
        'network': 'VisionTransformer in ImageClassifier',
        'read out': 'class token',
        'blocks': '1 alone',
        'head fusion': 'min',
        'discarded': 'smallest 25.0% of each map',
        'arithmetic': 'that of the official code',
        'normalisation': 'mean [120.0, 110.0, 100.0], deviation [60.0, 50.0, 40.0], as in training',
    }
    classifier.backbone.out_type = 'avg_featmap'
    classifier.data_preprocessor._enable_normalize = False
    other = rollout_facts(classifier, RolloutOptions())
    assert other['read out'] == 'mean of the patches'
    assert (other['blocks'], other['arithmetic'], other['normalisation']) == ('all', 'rows sum to 1', 'none')
    assert rollout_facts(mae, RolloutOptions())['normalisation'].startswith('mean [123.675, ')
