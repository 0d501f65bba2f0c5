"""The comparison table: all of its rows, and recipes that are made for them."""

from pathlib import Path

import pytest
import yaml

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.cards import Card, Measurement, read_index
from sslrecipes.zoo.comparison import COMPARISON, comparison_table, read_comparison

ROOT = Path(__file__).resolve().parents[2]
SOURCE = 'https://example.org/table'
ROW = {'Method': 'A', 'Published': 'X 2020', 'Mode': 'CL', 'Epochs': 200, 'Batch': 256, 'Top-1': 60.6}


@pytest.fixture
def root(tmp_path):
    (tmp_path / COMPARISON).parent.mkdir(parents=True)

    def write(*rows):
        (tmp_path / COMPARISON).write_text(yaml.dump({'Source': SOURCE, 'Rows': [*rows]}))
        return tmp_path

    return write


#: As the README of W2SSL prints them, down its table.
ACCURACIES = [
    *(77.2, 39.6, 45.7, 48.1, 60.6, 61.9, 65.3, 68.9, 67.5, 61.5, 67.6, 70.6, 70.1, 61.7, 63.6, 65.1, 70.3, 68.1, 72.8),
    *(70.0, 65.0, 70.7, 70.1, 69.4, 65.0, 68.4, 69.2, 67.8, 63.6, 72.8, 61.5, 48.4, 66.4, 70.5, 68.4, 70.8, 72.8),
]
#: Rows of other lengths than 200 epochs, and of other batches than 256, by their place.
EPOCHS = {0: None, 2: None, 7: 800, 12: 400, 16: 1000, 18: 300, 21: 300}
BATCHES = {0: None, 6: 1024, 7: 4096, 11: 4096, 18: 4096, 29: 1024, 36: 1024}


def card(source, **results):
    reported = Measurement('top-1, linear', 60.8, source)
    return Card('a_200e', 'S', 'configs/s/a_200e.py', 1, {}, reported=reported, **results)


def test_all_rows_are_there():
    _, rows = read_comparison(ROOT / COMPARISON)
    assert len(rows) == 37
    assert [row.top1 for row in rows] == ACCURACIES
    assert [row.epochs for row in rows] == [EPOCHS.get(place, 200) for place in range(37)]
    assert [row.batch for row in rows] == [BATCHES.get(place, 256) for place in range(37)]
    assert (rows[-1].method, rows[-1].batch, rows[-1].top1) == ('W2SSL', 1024, 72.8)


def test_recipes_are_made_for_their_rows_or_a_note_says_in_which_way_they_are_not():
    cards = {card.name: card for card in read_index(ROOT)}
    for row in read_comparison(ROOT / COMPARISON)[1]:
        if row.recipe:
            recipe = cards[row.recipe].recipe
            assert recipe['arch'] == 'resnet50'
            assert row.note or (recipe['epochs'], recipe['effective_batch']) == (row.epochs, row.batch), row.recipe


@pytest.mark.parametrize(('source', 'elsewhere'), [(f'{SOURCE}#results', '-'), ('https://own', '[60.8](https://own)')])
def test_rows_with_and_without_a_recipe(root, source, elsewhere):
    table = comparison_table(root({**ROW, 'Recipe': 'a_200e', 'Note': 'odd'}, ROW), [card(source)], 'docs')
    lines = table.splitlines()
    assert lines[2] == (
        f'| A | X 2020 | CL | 200 | 256 | 60.6 | [a_200e](../configs/s/a_200e.py) | {elsewhere} | - | odd |'
    )
    assert lines[3] == '| A | X 2020 | CL | 200 | 256 | 60.6 | none: reported number | - | - | - |'
    assert lines[-1].startswith('2 rows, 1 with a recipe; 0 of these have been run here.')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'Recipe': 'a_20e'}, r'A: there is no recipe "a_20e"\. Did you mean "a_200e"\?'),
        ({'Epoch': 3}, r'row 1: unknown key "Epoch"\. Did you mean "Epochs"\?'),
        ({'Top-1': 'many'}, 'row 1: Top-1'),
        ({'Batch': 0}, 'row 1: Batch'),
        ({'Top-1': 605}, 'row 1: Top-1 is 605, but must be a number from 0 to 100'),
        ({'Note': 'as printed | as run'}, 'row 1: Note is .*, but must be text of one line'),
    ],
)
def test_rows_that_can_not_be_meant(root, change, message):
    with pytest.raises(ConfigError, match=message):
        comparison_table(root({**ROW, **change}), [card(SOURCE)], 'docs')


def test_what_was_reproduced_here_is_told_and_counted(root):
    own = Measurement('top-1, linear', 60.1, 'docs/runs.md')
    table = comparison_table(root({**ROW, 'Recipe': 'a_200e'}), [card(SOURCE, reproduced=own)], 'docs')
    assert table.splitlines()[2].endswith('| - | [60.1](docs/runs.md) | - |')
    assert '1 rows, 1 with a recipe; 1 of these have been run here.' in table


def test_a_table_without_a_source_is_refused(root):
    file = root(ROW) / COMPARISON
    file.write_text(yaml.dump({'Rows': [ROW]}))
    with pytest.raises(ConfigError, match='Source'):
        read_comparison(file)


def test_what_a_row_must_have(root):
    for row, message in ((['A'], 'must be a mapping'), ({'Method': 'A'}, 'row 1: missing Top-1')):
        with pytest.raises(ConfigError, match=message):
            comparison_table(root(row), [], 'docs')
