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
    assert 'healthy: yes, wrong_lr: no.' in text
    for words in ('healthy: is it learning?', 'wrong_lr: is it learning?'):
        assert words in page
        assert words in text
    assert 'learning rate is 1/1,000' in ' '.join(capsys.readouterr().out.split())


def test_milestones_are_scored_once_beside_the_untrained_network_and_a_reference(mae_on_digits, monkeypatch, tmp_path):
    SSLRunner.from_cfg(mae_on_digits).train()
    folder = tmp_path / 'run'
    logs = [log.read_bytes() for log in folder.glob('*/*.log')]
    report([folder], reference=folder / 'epoch_2.pth', images=48)
    assert [log.read_bytes() for log in folder.glob('*/*.log')] == logs
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


def test_a_detector_trained_by_others_gets_a_report_too(tmp_path):
    scalars = tmp_path / 'run' / '20260101_000000' / 'vis_data' / 'scalars.json'
    scalars.parent.mkdir(parents=True)
    rows = [
        dict(lr=0.01, loss=2 - step / 1000, time=1.0, data_time=0.02, iter=step, step=step)
        for step in range(50, 1000, 50)
    ]
    rows += [{'coco/bbox_mAP': value, 'step': epoch} for epoch, value in enumerate((0.01, 0.2, 0.31), 1)]
    scalars.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    scalars.with_name('config.py').write_text("default_scope = 'mmdet'\nmodel = dict(type='FasterRCNN')\n")
    report([tmp_path / 'run'])
    (told,) = json.loads((tmp_path / 'run' / 'report.json').read_text())['runs']
    answers = {finding['question']: finding['answer'] for finding in told['findings']}
    assert (told['verdict'], told['state'], told['waiting']) == ('good', 'unknown', 0.02)
    assert 'coco/bbox_mAP went from 0.01 to 0.31' in answers['Is it learning?']
    assert 'detectors have no single vector' in answers['Are its features better than those of an untrained network?']
