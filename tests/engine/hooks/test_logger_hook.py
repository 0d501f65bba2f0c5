from types import SimpleNamespace

import pytest

from sslrecipes.engine.hooks import logger_hook
from sslrecipes.engine.hooks.logger_hook import LoggerHook


class Run:
    """A run of nothing but a clock: what the hook tells and records, and after which iteration."""

    def __init__(self, monkeypatch, epochs, iterations, seconds):
        self.epochs, self.seconds, self.now = epochs, seconds, 1000.0
        self.train_dataloader, self.max_iters = range(iterations), epochs * iterations
        self.told, self.recorded, self.iter = [], [], 0
        self.logger = SimpleNamespace(info=self.told.append)
        self.visualizer = SimpleNamespace(add_scalars=lambda _, step, file_path: self.recorded.append(step))
        self.log_processor = SimpleNamespace(get_log_after_iter=lambda run, index, mode: ({}, run.iter + 1))
        monkeypatch.setattr(logger_hook, 'monotonic', lambda: self.now)

    def train(self, hook):
        hook.before_train(self)
        for _ in range(self.epochs):
            for index in self.train_dataloader:
                self.now += self.seconds
                hook.after_train_iter(self, index)
                self.iter += 1


@pytest.mark.parametrize(
    ('run', 'options', 'told', 'recorded'),
    [
        ((1, 90, 10.0), {}, [1, *range(4, 90, 3), 90], range(1, 91)),
        ((4, 6, 0.7), {}, [6, 12, 18, 24], range(1, 25)),
        ((8, 2, 1.0), {}, [2, 6, 10, 14, 16], range(1, 17)),
        ((2, 6, 0.0), {}, [6, 12], range(1, 13)),
        ((2, 10, 3.0), dict(interval=4, seconds=9), [1, 4, 7, 10, 13, 16, 19, 20], [4, 8, 14, 18]),
        ((2, 3, 1.0), dict(interval=4), [3, 6], [3, 6]),
        ((1, 450, 0.125), dict(ignore_last=False, interval=200), [80, 320, 450], [200, 400, 450]),
    ],
    ids=['slow', 'short epochs', 'shorter ones', 'instant', 'own figures', 'longer interval', 'with the last'],
)
def test_lines_by_the_clock_and_records_by_iterations(monkeypatch, run, options, told, recorded):
    run = Run(monkeypatch, *run)
    run.train(LoggerHook(**options))
    assert (run.told, run.recorded) == (told, list(recorded))


def test_a_long_run_is_recorded_every_hundred_iterations(monkeypatch):
    run, hook = Run(monkeypatch, 300, 1250, 1.0), LoggerHook()
    hook.before_train(run)
    assert hook.interval == 100


@pytest.mark.parametrize('stage', ['val', 'test'])
def test_progress_of_an_evaluation(monkeypatch, stage):
    run, hook = Run(monkeypatch, 1, 12, 5.0), LoggerHook()
    getattr(hook, f'before_{stage}')(run)
    for index in run.train_dataloader:
        run.now, run.iter = run.now + run.seconds, index
        getattr(hook, f'after_{stage}_iter')(run, index)
    assert run.told == [2, 8]
