import json

from sslrecipes.commands import compare_methods as comparison
from sslrecipes.commands.compare_methods import Row, compare, write_report


def test_a_short_comparison(tmp_path, monkeypatch, few_tiles):
    few_tiles(monkeypatch)
    monkeypatch.setattr(comparison, 'METHODS', {'MoCo baseline': 'moco-baseline'})
    rows = compare(tmp_path, 'photo-tiles', epochs=1)
    assert [row.method for row in rows] == ['random', 'MoCo baseline']
    assert rows[0].probe is None
    assert all(0 < value <= 100 for value in (*rows[1].knn, *rows[1].linear, rows[1].probe, rows[1].monitor))
    assert (tmp_path / 'curves.png').is_file()


def test_report(tmp_path):
    rows = [Row('random', (1.0, 2.0), (3.0, 4.0)), Row('DINO', (5.0, 6.0), (7.0, 8.0), 9.0, 10.0, 11.0)]
    write_report(tmp_path, {'photo-tiles': rows}, 60.0)
    lines = (tmp_path / 'report.md').read_text().splitlines()
    assert '| random | 1.0 | 2.0 | 3.0 | 4.0 | - | - | - |' in lines
    assert '| DINO | 5.0 | 6.0 | 7.0 | 8.0 | 9.0 | 10.0 | 11 |' in lines
    assert json.loads((tmp_path / 'results.json').read_text())['results']['photo-tiles'][1]['probe'] == 9.0
