import logging
import re
import sys
from io import StringIO

import pytest
from rich.console import Console

from sslrecipes.visualization import progress_line
from sslrecipes.visualization.progress_line import ProgressLine, terminal_console


class Terminal(StringIO):
    def isatty(self):
        return True


@pytest.fixture
def screen():
    return Terminal()


@pytest.fixture
def logger():
    logger = logging.Logger('test')
    logger.addHandler(logging.StreamHandler(Terminal()))
    return logger


@pytest.fixture
def line(screen, logger):
    line = ProgressLine(Console(file=screen, force_terminal=True, width=100), logger)
    line.start()
    yield line
    line.stop()


def shown(screen):
    """What was written, without colours and cursor movements."""
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', screen.getvalue())


def test_shows_description_count_and_figures(line, screen):
    line.begin('train', 'epoch 1/3', 50)
    line.advance('train', 50, lambda: 'loss [0.5]')
    assert re.search(r'epoch 1/3 .*50/50 loss \[0.5\]', shown(screen))


def test_redraws_at_most_four_times_a_second_but_always_at_the_end(line, monkeypatch):
    now = iter(100 + step * 0.01 for step in range(1000))
    monkeypatch.setattr(progress_line.time, 'monotonic', lambda: next(now))
    drawn = []
    line.begin('train', 'epoch', 60)
    for done in range(1, 61):
        line.advance('train', done, lambda done=done: drawn.append(done) or '')
    assert drawn == [1, 26, 51, 60]


def test_log_lines_pass_above_unbroken_and_coloured(line, screen, logger):
    line.begin('train', 'epoch 1/3', 2)
    line.advance('train', 1, lambda: '')
    long_line = '\x1b[32mINFO\x1b[0m ' + 'x' * 150
    logger.info(long_line)
    line.advance('train', 2, lambda: 'end')
    assert 'INFO ' + 'x' * 150 + '\n' in shown(screen)
    assert '\x1b[32m' in screen.getvalue()
    assert shown(screen).rindex('epoch 1/3') > shown(screen).index('INFO')


def test_log_streams_come_back(screen, logger):
    before = logger.handlers[0].stream
    line = ProgressLine(Console(file=screen, force_terminal=True), logger)
    line.start()
    assert logger.handlers[0].stream is not before
    line.stop()
    assert logger.handlers[0].stream is before
    logger.info('later')
    assert before.getvalue() == 'later\n'


def test_a_log_redirected_to_a_file_stays_there(screen, tmp_path):
    logger = logging.Logger('test')
    with (tmp_path / 'log.txt').open('w') as file:
        logger.addHandler(logging.StreamHandler(file))
        line = ProgressLine(Console(file=screen, force_terminal=True), logger)
        line.start()
        logger.info('to the file')
        line.stop()
    assert (tmp_path / 'log.txt').read_text() == 'to the file\n'


def test_a_stretch_begun_again_takes_the_old_place(line, screen):
    line.begin('train', 'epoch 1/2', 5)
    line.advance('train', 5, lambda: '')
    line.begin('train', 'epoch 2/2', 5)
    screen.truncate(0)
    line.advance('train', 5, lambda: '')
    assert 'epoch 2/2' in shown(screen)
    assert 'epoch 1/2' not in shown(screen)


def test_a_removed_stretch_is_no_longer_drawn(line, screen):
    line.begin('train', 'epoch 1/2', 5)
    line.begin('val', 'val', 5)
    line.remove('val')
    screen.truncate(0)
    line.advance('train', 5, lambda: '')
    assert 'val' not in shown(screen)


def test_the_cursor_stays_visible(line, screen):
    line.begin('train', 'epoch 1/2', 5)
    assert screen.getvalue().rindex('\x1b[?25h') > screen.getvalue().rindex('\x1b[?25l')


@pytest.mark.parametrize(
    ('terminal', 'environment', 'expected'),
    [
        (True, {}, True),
        (False, {}, False),
        (False, {'FORCE_COLOR': '1'}, False),
        (True, {'CI': 'true'}, False),
        (True, {'TERM': 'dumb'}, False),
    ],
)
def test_only_an_interactive_terminal_gets_a_line(monkeypatch, terminal, environment, expected):
    for name in ('CI', 'FORCE_COLOR'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('TERM', 'xterm')
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, 'stderr', Terminal() if terminal else StringIO())
    assert (terminal_console() is not None) == expected
