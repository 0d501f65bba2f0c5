import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands import transfer_quickstart
from sslrecipes.commands.quickstart import CONFIGS, EvaluatedNetwork
from sslrecipes.commands.transfer_quickstart import DETECTION, PRETRAINING, SEGMENTATION, pretrained, run, shorten
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.registry import MODELS
from sslrecipes.visualization.curves import read_scalars

ITERATIONS = 4


@pytest.fixture(scope='module')
def pretraining():
    """Config of the pre-training."""
    return load_config(CONFIGS / PRETRAINING)


@pytest.fixture(scope='module')
def finished(tmp_path_factory, pretraining):
    """Folder and rows of a run on a few scenes, whose pre-training was found there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp('quickstart'))
        patch.setattr(transfer_quickstart, 'PICTURES', 2)
        prepare_photo_scenes('data/photo_scenes', (16, 4))
        with DefaultScope.overwrite_default_scope('sslrecipes'):
            model = MODELS.build(pretraining.model)
        folder = Path('run').absolute()
        save_torch(folder / 'pretraining' / 'epoch_12.pth', {'state_dict': model.state_dict(), 'meta': {}})
        yield folder, run(folder, iterations=ITERATIONS)


def config_of(folder, task, init):
    (path,) = (folder / task.name / init).glob('*.py')
    return Config.fromfile(path).to_dict()


def test_table_and_report_tell_all_scores(finished):
    folder, rows = finished
    assert [row.backbone for row in rows] == ['random init', 'SSL']
    for row in rows:
        assert 0 <= row.box_ap <= 100
        assert 0 <= row.mask_ap <= 100
        assert 0 < row.miou <= 100
        assert row.detector_seconds > 0
    numbers = json.loads((folder / 'results.json').read_text())['results']
    assert [one['miou'] for one in numbers] == [row.miou for row in rows]
    text = (folder / 'report.md').read_text()
    assert all(f'| {" | ".join(row.cells())} |' in text for row in rows)
    assert 'MaskRCNN: 105 of 105 weights' in text
    assert 'EncoderDecoder: 105 of 105 weights' in text
    assert 'which was there already' in text


@pytest.mark.parametrize('task', [DETECTION, SEGMENTATION], ids=lambda task: task.name)
def test_both_inits_differ_in_the_checkpoint_only(finished, task):
    folder, _ = finished
    random, ssl = (config_of(folder, task, init) for init in ('random-init', 'SSL'))
    assert ssl['transfer'].pop('checkpoint') == str(folder / 'pretraining' / 'epoch_12.pth')
    assert random['transfer'].pop('checkpoint') is None
    assert {key for key in ssl if ssl[key] != random[key]} == {'work_dir'}
    rates = [read_scalars(folder / task.name / init)['lr'] for init in ('random-init', 'SSL')]
    assert rates[0] == rates[1]
    assert rates[0].steps[-1] == ITERATIONS


@pytest.mark.parametrize('name', ['objects.png', 'maps.png'])
def test_truth_and_predictions_stand_side_by_side(finished, name):
    folder, _ = finished
    pixels = np.asarray(Image.open(folder / name))
    assert pixels.shape[1] == 3 * (256 + 6) + 6
    columns = [pixels[-256 - 6 : -6, start : start + 256] for start in (6, 268, 530)]
    assert all((columns[0] != other).any() for other in columns[1:])
    assert (folder / 'upernet_loss.png').is_file()


def test_pretrains_if_there_is_no_checkpoint(tmp_path, monkeypatch):
    calls = []

    def pretrain(*args):
        calls.append(args)
        return EvaluatedNetwork('DINO', seconds=61.2)

    monkeypatch.setattr(transfer_quickstart, 'pretrain', pretrain)
    (tmp_path / 'epoch_12.pth').touch()
    checkpoint, words = pretrained(tmp_path, epochs=2)
    assert (checkpoint, words) == (tmp_path / 'epoch_2.pth', 'of which 61 seconds pre-training')
    assert calls == [('DINO', PRETRAINING, tmp_path, 2)]
    assert not (tmp_path / 'epoch_12.pth').exists()


def test_schedules_shrink_with_the_run():
    cfg = load_config(CONFIGS / DETECTION.config)
    before = [dict(schedule) for schedule in cfg.param_scheduler]
    shorten(cfg, 80)
    assert before[0]['end'] == 100
    assert before[1]['milestones'] == [560, 720]
    assert cfg.param_scheduler[0].end == 10
    assert cfg.param_scheduler[1].milestones == [56, 72]
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (80, 80)
