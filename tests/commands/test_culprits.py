"""Unexpected errors are told in a sentence with their place in the config."""

from pathlib import Path

import pytest
from mmengine.hooks import Hook

from sslrecipes.commands import test as evaluation
from sslrecipes.commands import train as training
from sslrecipes.commands.culprits import LONGEST, SWITCH, said, told
from sslrecipes.errors import ConfigError, DataError, RunError
from sslrecipes.registry import HOOKS


@HOOKS.register_module()
class Stumbling(Hook):
    """Fails at the point that it is told."""

    def __init__(self, at):
        if at == 'once':
            raise KeyError('once')
        setattr(self, at, self.fail)

    def fail(self, *_, **__):
        raise AssertionError('here')


@pytest.fixture
def trained(mae_on_digits):
    def train(**options):
        for key, value in options.items():
            mae_on_digits.merge_from_dict({key.replace('__', '.'): value})
        training.train(mae_on_digits)

    return train


@pytest.mark.parametrize(
    ('options', 'place', 'sentence'),
    [
        ({'custom_hooks': [dict(type='Stumbling', at='once')]}, 'custom_hooks[0].*', "KeyError: 'once'"),
        ({'model__backbone__arch': 'tiny'}, 'model.backbone.*', 'AssertionError: Arch tiny is not in default archs'),
        ({'model__head__loss__criterion': 'L3'}, 'model.head.loss.*', 'NotImplementedError: Currently, PixelRe'),
        ({'train_dataloader__dataset__pipeline__0__scale': (8, 8, 8)}, 'train_dataloader.dataset.pipeline[0].*', ''),
        ({'log_processor': dict(window_size='x', custom_cfg=[3])}, 'log_processor.*', ''),
    ],
    ids=str,
)
def test_a_part_that_can_not_be_built_is_named(trained, options, place, sentence):
    with pytest.raises(ConfigError) as caught:
        trained(**options)
    assert caught.value.places == (place,)
    assert str(caught.value).startswith(f'{place[:-2]} can not be built: {sentence}')


@pytest.mark.parametrize('at', ['before_run', 'before_train_iter', 'after_train_epoch', 'after_run'])
def test_a_part_that_fails_at_work_is_named_with_the_file_of_its_traceback(trained, at):
    with pytest.raises(RunError) as caught:
        trained(custom_hooks=[dict(type='Stumbling', at=at)])
    sentence = str(caught.value)
    assert sentence.startswith('The run failed in custom_hooks[0]: AssertionError: here. Its traceback is in ')
    log = Path(sentence.rpartition(' ')[2].rstrip('.'))
    assert log.read_text().count('Traceback (most recent call last)') == 1
    assert "raise AssertionError('here')" in log.read_text()


def test_a_part_of_the_model_that_fails_is_named(trained, monkeypatch):
    monkeypatch.setattr('mmpretrain.models.MAEPretrainHead.construct_target', lambda *_: {}['deep'])
    with pytest.raises(RunError, match=r"^The run failed in model\.head: KeyError: 'deep'\. "):
        trained()


def test_tracebacks_can_be_had(trained, monkeypatch):
    monkeypatch.setenv(SWITCH, '1')
    with pytest.raises(AssertionError, match='here'):
        trained(custom_hooks=[dict(type='Stumbling', at='before_run')])


def test_sentences_pass_as_they_are(mae_on_digits):
    with pytest.raises(DataError, match='as it is'), told(mae_on_digits):
        raise DataError('as it is')
    with pytest.raises(KeyboardInterrupt), told(mae_on_digits):
        raise KeyboardInterrupt


def test_without_a_log_file_the_way_to_a_traceback_is_told(mae_on_digits):
    with pytest.raises(RunError, match=rf'^The run failed: ZeroDivisionError: .*{SWITCH}=1 shows'), told(mae_on_digits):
        raise ZeroDivisionError('now')


@pytest.mark.parametrize(
    ('error', 'words'),
    [
        (KeyError('a'), "KeyError: 'a'"),
        (ValueError('two\n  lines.'), 'ValueError: two lines'),
        (ValueError(''), 'ValueError'),
        (
            ValueError('Caught it.\nTraceback (most recent call last):\n  File x\nKeyError: 3\n'),
            'ValueError: KeyError: 3',
        ),
        (ValueError('x' * 900), f'ValueError: {"x" * (LONGEST - 12)} ...'),
    ],
)
def test_messages_are_told_on_one_line(error, words):
    assert said(error).removesuffix(' ...')[:LONGEST] == words.removesuffix(' ...')


def _resize(scale):
    if scale <= 0:
        raise AssertionError


def test_an_assertion_without_words_is_told_with_its_line():
    with pytest.raises(AssertionError) as caught:
        _resize(scale=-3)
    assert said(caught.value) == 'AssertionError: at "raise AssertionError"'


def test_evaluations_are_told_too(mae_on_digits):
    mae_on_digits.merge_from_dict(
        dict(
            test_dataloader=dict(mae_on_digits.train_dataloader),
            test_cfg=dict(),
            test_evaluator=[dict(type='Nothing like it')],
        )
    )
    with pytest.raises(ConfigError, match=r'test_evaluator\[0\]'):
        evaluation.test(mae_on_digits)
