import json

import pytest

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError
from sslrecipes.reports import feature_scores
from sslrecipes.reports.terminal import report


def test_runs_are_compared_without_touching_them(recorded, tmp_path, capsys):
    folders = [recorded('healthy'), recorded('wrong_lr')]
    before = {path: path.read_bytes() for folder in folders for path in folder.rglob('*') if path.is_file()}
    for _ in range(2):
        files = report(folders, tmp_path / 'out', evaluate=False)
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {file.name for file in files}
    after = {path: path.read_bytes() for folder in folders for path in folder.rglob('*') if path.is_file()}
    assert after == before
    told = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert [run['verdict'] for run in told['runs']] == ['good', 'bad']
    assert told['runs'][1]['trivial_loss'] == 1.0
    page, text = ((tmp_path / 'out' / name).read_text() for name in ('report.html', 'report.md'))
    assert 'python tools/train.py' in text
    for words in ('healthy: is it learning?', 'wrong_lr: is it learning?'):
        assert words in page
        assert words in text
    assert 'learning rate is 1/1,000' in ' '.join(capsys.readouterr().out.split())


def test_milestones_are_scored_once_beside_the_untrained_network_and_a_reference(mae_on_digits, monkeypatch, tmp_path):
    SSLRunner.from_cfg(mae_on_digits).train()
    folder = tmp_path / 'run'
    report([folder], reference=folder / 'epoch_2.pth', images=48)
    told = json.loads((folder / 'report.json').read_text())['runs'][0]
    assert told['images'] == 'training images'
    assert [one['name'] for one in told['milestones']] == ['epoch_2', 'epoch_4']
    assert told['reference']['top1_k20'] == told['milestones'][0]['top1_k20']
    assert told['untrained']['images'] == 48
    assert 'epoch_4 reaches' in (folder / 'report.md').read_text()

    monkeypatch.setattr(feature_scores.Evaluation, 'score', None)
    report([folder], reference=folder / 'epoch_2.pth', images=48)
    assert json.loads((folder / 'report.json').read_text())['runs'][0]['milestones'] == told['milestones']
    with pytest.raises(CheckpointError, match='nowhere'):
        report([folder], reference=tmp_path / 'nowhere.pth')
