import json

import numpy as np
import pytest
from PIL import Image

from sslrecipes.errors import DataError
from sslrecipes.visualization.curves import plot_curves, read_scalars, smoothed


def write_run(work_dir, started, records):
    folder = work_dir / started / 'vis_data'
    folder.mkdir(parents=True)
    file = folder / 'scalars.json'
    file.write_text(''.join(json.dumps(record) + '\n' for record in records))
    return file


def train_records(steps, loss):
    return [dict(lr=0.1, loss=loss, time=1.5, epoch=1 + step // 100, iter=step, step=step) for step in steps]


def test_reads_training_and_evaluation_scalars(tmp_path):
    records = [*train_records([10, 20], 0.5), {'knn/top1': 41.0, 'time': 9.0, 'step': 1}]
    curves = read_scalars(write_run(tmp_path, '20260101_000000', records))
    assert (curves['loss'].steps, curves['loss'].values, curves['loss'].unit) == ([10, 20], [0.5, 0.5], 'iteration')
    assert (curves['knn/top1'].steps, curves['knn/top1'].values, curves['knn/top1'].unit) == ([1], [41.0], 'epoch')
    assert curves['time'].values == [1.5, 1.5]  # a time per epoch doesn't mix with the times per iteration
    assert not {'epoch', 'iter', 'step'} & set(curves)


def test_a_resumed_run_replaces_what_it_repeats_and_what_followed(tmp_path):
    write_run(tmp_path, '20260101_000000', train_records([10, 20, 30, 40], 1.0))
    write_run(tmp_path, '20260101_110000', train_records([20, 30], 2.0))
    curve = read_scalars(tmp_path)['loss']
    assert (curve.steps, curve.values) == ([10, 20, 30], [1.0, 2.0, 2.0])


def test_half_a_last_line_is_ignored_and_any_other_is_named(tmp_path):
    file = write_run(tmp_path, '20260101_000000', train_records([10], 1.0))
    whole = file.read_text()
    file.write_text(whole + '{"loss": 0.')
    assert read_scalars(file)['loss'].steps == [10]
    file.write_text('{"loss": 0.\n' + whole)
    with pytest.raises(DataError, match='line 1 of'):
        read_scalars(file)


@pytest.mark.parametrize('name', ['missing.json', '.'])
def test_nothing_logged_is_a_clear_error(tmp_path, name):
    with pytest.raises(DataError, match='no logged scalars'):
        read_scalars(tmp_path / name)


def test_smoothing_is_the_mean_of_the_neighbours():
    values = np.random.rand(30)
    curve = smoothed(values, window=5)
    assert len(curve) == 30
    assert curve[10] == pytest.approx(values[8:13].mean())
    assert (curve[0], curve[-1]) == pytest.approx((values[:3].mean(), values[-3:].mean()))


def test_plots_the_loss_and_the_knn_accuracy_of_two_runs(tmp_path):
    steps = range(10, 400, 10)
    for name in ('base', 'tec'):
        write_run(tmp_path / name, '20260101_000000', [*train_records(steps, 0.5), {'knn/top1': 41.0, 'step': 1}])
    runs = {'MAE base': tmp_path / 'base', 'TEC': tmp_path / 'tec'}
    narrow = plot_curves(runs, tmp_path / 'new' / 'loss.png', keys=['loss'])
    wide = plot_curves(runs, tmp_path / 'both.png')
    assert Image.open(wide).width == 2 * Image.open(narrow).width
    assert np.asarray(Image.open(narrow)).std() > 5


def test_unknown_scalars_get_a_suggestion(tmp_path):
    file = write_run(tmp_path, '20260101_000000', train_records([10], 1.0))
    with pytest.raises(DataError, match=r'no run logged "los".*Did you mean "loss"'):
        plot_curves({'run': file}, tmp_path / 'out.png', keys=['los'])
