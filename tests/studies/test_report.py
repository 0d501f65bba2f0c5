"""What the report of a study says of what is missing, and of what is there."""

import json
from dataclasses import replace
from types import SimpleNamespace

from sslrecipes.studies.report import note_of, report, results_of, table_of
from sslrecipes.studies.results import Cell, Row
from sslrecipes.studies.states import FINISHED, NEW, State
from sslrecipes.studies.study import TablePlan

COLUMNS = {'k-NN': 'knn.acc', 'loss': 'loss', 'seconds': 'seconds'}


def rows():
    """Two rows of two seeds."""
    figures = {'base': (50.0, 52.0), 'more': (60.0, None)}
    return [
        Row(name, name.title(), {'lr': 0.1}, {'k-NN': Cell(both), 'loss': Cell([1, 1]), 'seconds': Cell([3.2, 4.4])})
        for name, both in figures.items()
    ]


def test_the_table_has_means_spreads_and_the_best_figures(study):
    small = replace(study(), table=TablePlan(['stage', 'lr'], COLUMNS, []))
    table = table_of(small, rows())
    assert list(table.columns) == ['network', 'lr', 'k-NN', 'loss', 'seconds']
    assert table.rows[0] == ['Base', '0.1', '51.0 ± 1.4', '1.0 ± 0.0', '4 ± 1']
    assert table.rows[1][2] == '60.0 (1 of 2)'
    assert table.best == {(1, 2)}, 'neither costs nor losses have a best figure'
    assert note_of(small) == table.note


def test_results_keep_times_apart(study):
    small = replace(study(), table=TablePlan(['stage', 'lr'], COLUMNS, []))
    results = results_of(small, rows(), [], [], {})
    first = results['rows'][0]
    assert first['figures']['k-NN'] == {'mean': 51.0, 'spread': 2**0.5, 'values': [50.0, 52.0]}
    assert 'seconds' not in first['figures']
    assert results['times']['rows'][0]['seconds']['values'] == [3.2, 4.4]


def test_what_is_missing_is_said_and_the_rest_is_written(study, jobs, tmp_path):
    small, listed = study(), list(jobs().values())
    states = {job.name: State(NEW) for job in listed}
    states[listed[0].name] = State(FINISHED)  # whose files are gone
    files = report(small, listed, states, {}, tmp_path / 'out', failed=['more failed: no memory'])
    assert [file.name for file in files] == ['results.json', 'report.html', 'report.md']
    (said,) = [
        verdict['answer'] for verdict in json.loads(files[0].read_text())['verdicts'] if verdict['verdict'] == 'bad'
    ]
    assert f'{len(listed) - 1} of {len(listed)} stages are not finished' in said
    assert 'more failed: no memory.' in said
    assert f'the figures of {listed[0].name} are gone' in said
    assert 'more failed: no memory' in files[1].read_text()


def test_pictures_have_captions_and_the_commands_that_made_them(study, tmp_path):
    picture = tmp_path / 'views.png'
    picture.write_bytes(b'')
    product = SimpleNamespace(caption='What the network sees.')
    making = SimpleNamespace(name='views/base', file=picture, product=product, commands=[['python', 'tools/x.py', 'a']])
    *_, page, text = report(study(), [], {}, {}, tmp_path / 'out', makings=[making], line='python tools/run_study.py x')
    for file in (page, text):
        said = file.read_text()
        assert 'What the network sees.' in said
        assert 'tools/run_study.py' in said
        assert 'tools/x.py' in said
