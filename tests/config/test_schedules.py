from mmengine.config import Config

from sslrecipes.config.schedules import schedule_of, schedules, warmup_of


def test_one_several_or_none():
    one, other = dict(type='A'), dict(type='B', param_name='weight_decay')
    assert schedules(Config(dict(param_scheduler=one))) == [('param_scheduler', one)]
    assert schedules(Config(dict(param_scheduler=[one, other]))) == [
        ('param_scheduler[0]', one),
        ('param_scheduler[1]', other),
    ]
    assert schedules(Config(dict(param_scheduler=None))) == schedules(Config({})) == []


def test_a_schedule_is_found_by_what_it_schedules():
    cfg = Config(dict(param_scheduler=[dict(type='B', param_name='weight_decay'), dict(type='A')]))
    assert schedule_of(cfg)['type'] == 'A'
    assert schedule_of(cfg, 'weight_decay')['type'] == 'B'
    assert schedule_of(cfg, 'momentum') == {}


def test_a_warmup_is_a_schedule_of_its_own():
    cfg = Config(dict(param_scheduler=[dict(type='LinearLR', end=1000), dict(type='MultiStepLR', milestones=[3])]))
    assert schedule_of(cfg)['type'] == 'MultiStepLR'
    assert warmup_of(cfg)['end'] == 1000
    assert warmup_of(Config(dict(param_scheduler=dict(type='A')))) == {}
