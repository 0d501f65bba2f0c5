import argparse

import pytest
from mmengine.config import Config

from sslrecipes.config.overrides import OptionAction, override
from sslrecipes.errors import ConfigError


def config():
    return Config(dict(a=dict(b=[dict(c=1)], d=2)))


def test_overrides_are_merged():
    cfg = config()
    assert override(cfg, {'a.b.0.c': 5, 'a.new': 3}) == {'a.b[0].c': 5, 'a.new': 3}
    assert cfg.a == dict(b=[dict(c=5)], d=2, new=3)


@pytest.mark.parametrize(
    ('key', 'sentence'),
    {
        'x': 'no key "x"',
        'a.bb.c': 'no key "a.bb". Did you mean "b"',
        'a.b.1': '"a.b.1" must be an index below 1',
        'a.b.\N{SUPERSCRIPT TWO}': 'must be an index below 1',
        'a.d.e': '"a.d.e" is inside "a.d", which is 2',
    }.items(),
)
def test_they_must_name_what_is_there(key, sentence):
    with pytest.raises(ConfigError) as caught:
        override(config(), {key: 1})
    assert sentence in str(caught.value)


def parsed(*tokens):
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=OptionAction)
    return parser.parse_args(tokens).cfg_options


def test_the_command_line_is_read_when_the_config_is_known():
    cfg = Config(dict(data_root='x', model=dict(neck=None, arch='b', depth=1), lrs=[0.1, 0.2]))
    options = parsed(
        *('--cfg-options', 'data_root=My Pictures, 2024', 'model.arch=50', 'model.neck=dict(type=A)'),
        *('--cfg-options', 'model.neck.type=B', 'model.neck.path=1=2', 'lrs=1,2', 'model.depth=2', 'model.depth=3'),
    )
    override(cfg, options)
    assert cfg.data_root == 'My Pictures, 2024'
    assert cfg.model == dict(neck=dict(type='B', path='1=2'), arch='50', depth=3)
    assert cfg.lrs == [1.0, 2.0]
    assert parsed() is None


@pytest.mark.parametrize(
    ('token', 'sentence'),
    {
        'model': '"model" is no KEY=VALUE',
        '=1': 'the config has no key ""',
        'a.=1': 'the config has no key "a."',
        'a..b=1': 'the config has no key "a."',
        'a.d=[(1,2': "a.d: '[(1,2' can not be read",
        'a.d=x': "a.d must be a number, not 'x'.",
        'launcher=slurm': 'launcher has no effect here: use --launcher.',
        'a.b.0=5': 'a.b.0 must be a dict',
    }.items(),
)
def test_typing_mistakes_are_one_sentence(token, sentence):
    with pytest.raises(ConfigError) as caught:
        override(config(), parsed('--cfg-options', token))
    assert str(caught.value).startswith(f'--cfg-options: {sentence}')


def test_entries_of_lists_may_be_set():
    cfg = Config(dict(betas=(0.9, 0.999), keys=['a', 'b'], steps=[dict(size=[1, 2])], names={1: 'x'}))
    before = cfg.steps
    options = ('betas.1=1', 'keys.0=8', 'steps.0.size.1=5', 'steps.0.scale=(1,2)', 'names.1=y')
    override(cfg, parsed('--cfg-options', *options))
    assert cfg.betas == (0.9, 1.0)
    assert cfg['keys'] == ['8', 'b']
    assert cfg.steps[0] == dict(size=[1, 5], scale=(1, 2))
    assert cfg.names == {1: 'y'}
    assert before == [dict(size=[1, 2])], 'other places may share it'


def test_dicts_are_merged_or_replaced():
    def changed(*tokens):
        cfg = Config(dict(a=dict(type='A', b=dict(c=1), d=None)))
        override(cfg, parsed('--cfg-options', *tokens))
        return cfg.a

    assert changed('a=dict(b=dict(e=2))') == dict(type='A', b=dict(c=1, e=2), d=None)
    assert changed('a=dict(b=dict(_delete_=True,e=2))') == dict(type='A', b=dict(e=2), d=None)
    assert changed('a._delete_=True', 'a.type=B') == dict(type='B')
    assert changed('a.d=dict(e=2)', 'a.b=None') == dict(type='A', b=None, d=dict(e=2))
    assert changed('a.b.c=3', 'a.b=dict(c=2)') == dict(type='A', b=dict(c=3), d=None), 'the more specific key counts'


def test_known_options_keep_the_kinds_that_they_may_have():
    cfg = Config(dict(train_dataloader=dict(batch_size=8, dataset=dict(type='A')), optim_wrapper=dict(loss_scale=1.0)))
    override(cfg, parsed('--cfg-options', 'optim_wrapper.loss_scale=dynamic'))
    assert cfg.optim_wrapper.loss_scale == 'dynamic'
    with pytest.raises(ConfigError, match='whole number of at least 1'):
        override(cfg, parsed('--cfg-options', 'train_dataloader.batch_size=1,2'))
