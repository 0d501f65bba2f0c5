import pytest
from mmengine.config import ConfigDict

from sslrecipes.config.validation.iterations import schedules_end_with_training


def config(schedule, **loop):
    return ConfigDict(param_scheduler=[schedule], train_cfg=loop)


@pytest.mark.parametrize(
    ('schedule', 'loop'),
    [
        (dict(type='MultiStepLR', by_epoch=False, milestones=[60, 80]), dict(max_iters=90)),
        (dict(type='PolyLR', by_epoch=False, begin=10, end=90), dict(max_iters=90)),
        (dict(type='MultiStepLR', milestones=[8, 11]), dict(max_epochs=12)),
        (dict(type='LinearLR', by_epoch=False, end=500), dict(max_epochs=12)),
        (dict(type='WarmupCosineLR', epochs=12), dict(max_epochs=12)),
        (dict(type='MultiStepLR', by_epoch=False, milestones=[60, 80]), {}),
    ],
)
def test_schedules_within_the_training_pass(schedule, loop):
    assert list(schedules_end_with_training(config(schedule, **loop))) == []


@pytest.mark.parametrize(
    ('schedule', 'loop', 'sentence', 'place'),
    [
        (
            dict(type='MultiStepLR', by_epoch=False, milestones=[60, 90]),
            dict(max_iters=90),
            'param_scheduler[0].milestones has 90, but training ends at train_cfg.max_iters=90: change both.',
            'param_scheduler[0].milestones',
        ),
        (
            dict(type='PolyLR', by_epoch=False, end=160),
            dict(max_iters=90),
            'param_scheduler[0].end has 160, but training ends at train_cfg.max_iters=90: change both.',
            'param_scheduler[0].end',
        ),
        (
            dict(type='MultiStepLR', milestones=[8, 12]),
            dict(max_epochs=12),
            'param_scheduler[0].milestones has 12, but training ends at train_cfg.max_epochs=12: change both.',
            'param_scheduler[0].milestones',
        ),
        (
            dict(type='MultiStepLR', milestones=[60, 80]),
            dict(max_iters=90),
            'param_scheduler[0] counts epochs but train_cfg iterations: set param_scheduler[0].by_epoch=False.',
            'param_scheduler[0].by_epoch',
        ),
    ],
)
def test_what_training_never_reaches_is_named(schedule, loop, sentence, place):
    [(said, places)] = schedules_end_with_training(config(schedule, **loop))
    assert said == sentence
    assert places[0] == place
