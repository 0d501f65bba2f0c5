import pytest

from sslrecipes.config.validation.model_options import (
    mixing_knows_the_classes,
    rates_reach_their_heads,
    stages_are_as_many,
)

HALF = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))


def resnet(**options):
    return dict(model=dict(backbone=dict(type='ResNet', depth=18, **options)))


@pytest.mark.parametrize(
    'cfg', [{}, resnet(), resnet(**HALF), resnet(out_indices=(0, 3)), resnet(num_stages='x', out_indices='y')]
)
def test_stages_that_fit(cfg):
    assert not list(stages_are_as_many(cfg))


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (
            dict(num_stages=3),
            'num_stages=3 does not fit its strides and dilations and out_indices: set strides=(1, 2, 2), dil',
        ),
        (dict(HALF, out_indices=(1, 3)), 'num_stages=3 does not fit its out_indices: set out_indices=(2,).'),
        (dict(strides=(1, 2, 2)), 'num_stages=4 does not fit its strides: set strides=(1, 2, 2, 2).'),
    ],
)
def test_stages_that_do_not_fit(options, sentence):
    ((said, about),) = stages_are_as_many(resnet(**options))
    assert said.startswith(f'model.backbone: {sentence}')
    assert about[0] == 'model.backbone.num_stages'


MIXED = dict(train_cfg=dict(augments=[dict(type='Mixup', alpha=1.0)]), head=dict(num_classes=7))


@pytest.mark.parametrize(
    ('options', 'sentences'),
    [
        (dict(model=MIXED), 1),
        (dict(model=MIXED, data_preprocessor=dict(num_classes=7)), 0),
        (dict(model=dict(MIXED, data_preprocessor=dict(num_classes=7))), 0),
        (dict(model=dict(MIXED, train_cfg=dict(augments=[]))), 0),
        (dict(model=MIXED, train_dataloader=None), 0),
    ],
)
def test_mixed_labels_need_the_number_of_classes(options, sentences):
    said = [sentence for sentence, _ in mixing_knows_the_classes(dict(train_dataloader={}) | options)]
    expected = (
        'model.train_cfg.augments mix labels, for which model.data_preprocessor.num_classes is missing: set it to 7.'
    )
    assert said == [expected] * sentences


@pytest.mark.parametrize(
    ('scales', 'optimizer', 'sentences'),
    [
        ((1.0, 10.0), dict(), 1),
        ((1.0, 10.0), dict(constructor='DefaultOptimWrapperConstructor'), 1),
        ((1.0, 10.0), dict(constructor='ParamGroupsConstructor'), 0),
        ((1.0, 10.0), dict(constructor='mine.Own'), 0),
        ((1.0, 10.0), None, 0),
        ((1.0,), dict(), 0),
        (None, dict(), 0),
    ],
)
def test_several_rates_need_the_constructor_that_asks_for_them(scales, optimizer, sentences):
    cfg = dict(model=dict(type='LinearProbe', lr_scales=scales), optim_wrapper=optimizer)
    said = [sentence for sentence, _ in rates_reach_their_heads(cfg)]
    assert len(said) == sentences
    assert all('set optim_wrapper.constructor="ParamGroupsConstructor"' in sentence for sentence in said)
