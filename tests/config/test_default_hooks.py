import re
from pathlib import Path

import pytest

from sslrecipes.config.default_hooks import DEFAULT_HOOKS
from sslrecipes.config.reading import read_config
from sslrecipes.errors import ConfigError

BASE = "default_hooks = dict(timers=dict(type='Mine'), timer=dict(type='IterTimerHook'))\n"
HEIR = "_base_ = 'base.py'\ndefault_hooks = dict({})\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Write an heir of a config with hooks, and read it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'base.py').write_text(BASE)

    def read_heir(left_out='', options=None, text=HEIR):
        (tmp_path / 'heir.py').write_text(text.format(left_out))
        return read_config('heir.py', options)

    return read_heir


@pytest.mark.parametrize('name', ['timer', 'timers', 'nonfinite', 'progress', 'visualization'])
def test_any_hook_that_there_is_can_be_left_out(read, name, tmp_path):
    read(f'{name}=None').dump(tmp_path / 'copy.py')
    assert read(options={f'default_hooks.{name}': None}).default_hooks[name] is None
    if name != 'timers':
        assert read_config('copy.py').default_hooks[name] is None


def test_options_of_a_hook_that_every_run_has_need_no_type(read):
    stop = {'type': 'sslrecipes.StopHook', 'requeue': False}
    assert read('stop=dict(requeue=False)').default_hooks.stop == stop
    assert read(options={'default_hooks.stop.requeue': False}).default_hooks.stop == stop
    with pytest.raises(ConfigError, match='which is None'):
        read('stop=None', {'default_hooks.stop.requeue': False})
    with pytest.raises(ConfigError, match=r'no key "default_hooks\.stpo"\.'):
        read(options={'default_hooks.stpo.requeue': False})


def test_a_copy_may_leave_out_what_it_does_not_name(read):
    assert read(text='default_hooks = dict(mine=None)').default_hooks.mine is None


@pytest.mark.parametrize(
    ('left_out', 'options', 'sentence'),
    [
        ('tmier=None', None, 'heir.py:2: there is no default hook "tmier" to leave out. Did you mean "timer"?'),
        ('non_finite=None', None, 'heir.py:2: there is no default hook "non_finite" to leave out. Did you mean "nonfi'),
        ('', {'default_hooks.tmier': None}, '--cfg-options: there is no default hook "tmier" to leave out. Did you me'),
        ('', {'default_hooks.qqqq': None}, '--cfg-options: there is no default hook "qqqq" to leave out.'),
        ('', {'default_hooks': dict(tmier=None)}, '--cfg-options: there is no default hook "tmier" to leave out. Did '),
    ],
)
def test_a_name_without_a_hook_is_refused(read, left_out, options, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        read(left_out, options)


def test_detectors_and_segmentors_have_the_hooks_of_pretraining():
    bases = Path(__file__).parents[2] / 'configs/_base_'
    runtimes = ('default_runtime.py', 'transfer/mmdet_runtime.py', 'transfer/mmseg_runtime.py')
    hooks, *others = (read_config(bases / name).default_hooks.to_dict() for name in runtimes)
    assert not [name for name, hook in hooks.items() if hook == DEFAULT_HOOKS.get(name)]  # every run has those
    for inherited in others:
        assert inherited.pop('checkpoint') == {**hooks['checkpoint'], 'interval': 0}
        assert inherited == {name: hook for name, hook in hooks.items() if name != 'checkpoint'}
