"""An evaluation, called as a user calls it."""

import json
import os
import re
from contextlib import closing

import pytest

from sslrecipes.paths.ownership import claim


class Left(list):
    """Something to close that takes note of it."""

    def __init__(self, notes):
        self.notes = notes

    def close(self):
        self.notes.append('left')


def test_annotations_of_a_metric_are_looked_for_before_anything_is_built(call, evaluation, tmp_path, capsys):
    evaluation.write_text(
        f"{evaluation.read_text()}\ntest_cfg = dict(_delete_=True, type='TestLoop')\n"
        "test_evaluator = dict(type='mmdet.CocoMetric', ann_file='no.json')"
    )
    with pytest.raises(SystemExit):
        call('test.py', evaluation)
    assert 'The annotation file "no.json" does not exist: set test_evaluator.ann_file' in capsys.readouterr().err
    assert not (tmp_path / 'work_dirs').exists()


def test_evaluating_a_training_recipe_is_refused(call, config, capsys):
    with pytest.raises(SystemExit) as stop:
        call('test.py', config)
    assert stop.value.code == 2
    assert 'no test_dataloader' in capsys.readouterr().err


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_the_process_group_is_left_whatever_happens(call, config, evaluation, tmp_path, monkeypatch, tool):
    left = []
    monkeypatch.setattr(f'sslrecipes.commands.{tool}.leaving_process_group', lambda: closing(Left(left)))
    monkeypatch.setattr(f'sslrecipes.commands.{tool}.build_runner', lambda *args, **kwargs: 1 / 0)
    with pytest.raises(SystemExit):
        call(f'{tool}.py', {'train': config, 'test': evaluation}[tool])
    assert left == ['left']


@pytest.mark.parametrize('tool', ['train.py', 'test.py'])
def test_evaluation_beside_a_run_leaves_its_files_alone(call, config, evaluation, tmp_path, files_in, tool):
    call('train.py', config)
    folder = tmp_path / 'work_dirs' / 'mae_digits'
    running = claim(folder)
    (folder / f'.epoch_3.pth.{os.getpid()}.tmp').touch()  # it is being written
    before = files_in(folder)
    if tool == 'train.py':
        call('train.py', config, '--dry-run')
    else:
        call('test.py', evaluation, folder / 'epoch_2.pth')
    after = files_in(folder)
    running.release()
    assert {path: after[path] for path in before} == before
    assert all(path.parent != folder for path in after.keys() - before.keys())


def test_the_metrics_are_written_with_those_of_the_untrained_network(call, config, evaluation, tmp_path, capsys):
    call('train.py', config)
    checkpoint = tmp_path / 'work_dirs' / 'mae_digits' / 'epoch_2.pth'
    call('test.py', evaluation, checkpoint, '--out', tmp_path / 'metrics.json')
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert 20 < metrics['knn/top1_k5'] <= 100
    assert re.search(
        rf'knn/top1_k5 .* {metrics["untrained/knn/top1_k5"]:.2f} .* (better|worse|within chance)',
        capsys.readouterr().out,
    )

    call('test.py', evaluation, checkpoint, '--out', tmp_path / 'alone.json', '--no-untrained')
    alone = {name: value for name, value in metrics.items() if not name.startswith('untrained/')}
    assert json.loads((tmp_path / 'alone.json').read_text()) == alone
    call('test.py', evaluation, '--out', tmp_path / 'as_initialised.json')
    assert json.loads((tmp_path / 'as_initialised.json').read_text()) == {
        name.removeprefix('untrained/'): value for name, value in metrics.items() if name.startswith('untrained/')
    }
