"""The small studies of configs/studies, shortened to seconds."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from sslrecipes.datasets.photo_scenes import prepare_photo_scenes
from sslrecipes.studies.run_study import Wishes, run_study
from sslrecipes.visualization.curves import read_scalars

STUDIES = Path(__file__).resolve().parents[2] / 'configs' / 'studies'
SHORT = ['train_cfg.max_epochs=1', 'param_scheduler.warmup_epochs=0']
ITERATIONS = 4


def results_of(folder):
    """Figures of each row by network and factors, and by heading."""
    rows = json.loads((folder / 'results.json').read_text())['rows']
    return [
        (
            {key: value for key, value in row.items() if key != 'figures'},
            {k: v['mean'] for k, v in row['figures'].items()},
        )
        for row in rows
    ]


def config_of(folder):
    (path,) = folder.glob('*.py')
    return Config.fromfile(path).to_dict()


@pytest.fixture(scope='module')
def mae_priv(tmp_path_factory, few_tiles, here):
    """Folder of the study of MAE-priv."""
    folder = tmp_path_factory.mktemp('study') / 'mae-priv'
    with pytest.MonkeyPatch.context() as patch:
        few_tiles(patch)
        here(patch)
        run_study(STUDIES / 'quickstart_mae_priv.py', Wishes(work_dir=folder, sets=SHORT))
    return folder


def test_mae_priv_has_scores_of_both_variants_and_their_random_networks(mae_priv):
    rows = results_of(mae_priv)
    assert [row for row, _ in rows] == [
        {'network': network, 'variant': variant} for network in ('untrained', 'mae_priv') for variant in ('gap', 'cls')
    ]
    assert all(0 < score <= 100 for _, figures in rows for score in figures.values())
    page = (mae_priv / 'report.html').read_text()
    assert page.count('data:image/png') == 3
    pictures = [f'attention/{network}/rollout.png' for network in ('untrained', 'mae_priv')]
    for name in ('reconstruction/mae_priv/mae_priv.png', *pictures):
        assert (mae_priv / name).read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('part', ['linear', 'finetune'])
def test_random_and_pretrained_networks_are_trained_alike(mae_priv, part):
    random, gap = (config_of(mae_priv / part / f'{start}_variant-gap') for start in ('untrained', 'mae_priv'))
    assert random['model']['backbone'].pop('init_cfg') is None
    assert gap['model']['backbone'].pop('init_cfg')['checkpoint'] == str(mae_priv / 'mae_priv_variant-gap/epoch_1.pth')
    assert {key for key in gap if gap[key] != random[key]} == {'work_dir'}


@pytest.fixture(scope='module')
def transfer(tmp_path_factory, few_tiles, here):
    """Folder of the study of detection and segmentation, on a few scenes."""
    sets = [
        *(f'dino:{text}' for text in SHORT),
        *(f'{part}:train_cfg.{key}={ITERATIONS}' for part in PARTS for key in ('max_iters', 'val_interval')),
        *(f'{part}:{key}' for part in PARTS for key in ('default_hooks.logger.interval=1', 'param_scheduler.0.end=2')),
        'detection:param_scheduler.1.milestones=[2,3]',
        *(f'segmentation:param_scheduler.1.{key}' for key in ('begin=2', 'end=4')),
    ]
    with pytest.MonkeyPatch.context() as patch:
        few_tiles(patch)
        here(patch)
        patch.chdir(tmp_path_factory.mktemp('study'))
        prepare_photo_scenes('data/photo_scenes', (16, 4))
        folder = Path('run').absolute()
        run_study(STUDIES / 'quickstart_transfer.py', Wishes(work_dir=folder, sets=sets))
    return folder


PARTS = ('detection', 'segmentation')


def test_transfer_has_scores_of_both_starts(transfer):
    rows = results_of(transfer)
    assert [row['network'] for row, _ in rows] == ['untrained', 'dino']
    assert all(0 <= score <= 100 for _, figures in rows for score in figures.values())
    for part in PARTS:
        log = (transfer / part / 'dino' / 'console.log').read_text()
        assert '105 of 105 weights' in log, 'the hand-off is proven before training'


@pytest.mark.parametrize('part', PARTS)
def test_both_starts_differ_in_the_checkpoint_only(transfer, part):
    random, dino = (config_of(transfer / part / start) for start in ('untrained', 'dino'))
    assert dino['transfer'].pop('checkpoint') == str(transfer / 'dino' / 'epoch_1.pth')
    assert random['transfer'].pop('checkpoint') is None
    assert {key for key in dino if dino[key] != random[key]} == {'work_dir'}
    rates = [read_scalars(transfer / part / start)['lr'] for start in ('untrained', 'dino')]
    assert rates[0] == rates[1]
    assert rates[0].steps[-1] == ITERATIONS


@pytest.mark.parametrize(('name', 'part'), [('objects', 'detection'), ('maps', 'segmentation')])
def test_truth_and_predictions_stand_side_by_side(transfer, name, part):
    pixels = np.asarray(Image.open(transfer / name / 'predictions' / 'predictions.png'))
    assert pixels.shape[1] == 3 * (256 + 6) + 6
    columns = [pixels[-256 - 6 : -6, start : start + 256] for start in (6, 268, 530)]
    assert all((columns[0] != other).any() for other in columns[1:])


def test_methods_share_the_row_of_the_random_network(tmp_path, monkeypatch, few_tiles, here):
    few_tiles(monkeypatch)
    here(monkeypatch)
    only = ['trained_method-moco-baseline_data-photo-tiles', 'frozen/untrained_data-photo-tiles']
    only.append('frozen/trained_method-moco-baseline_data-photo-tiles')
    run_study(STUDIES / 'methods_photo_tiles.py', Wishes(work_dir=tmp_path, sets=SHORT, only=only))
    rows = results_of(tmp_path)
    assert [row['network'] for row, _ in rows] == ['untrained', *['trained'] * 4]
    known = [figures for _, figures in rows if figures['k-NN'] is not None]
    assert len(known) == 2
    assert all(0 < known[1][heading] <= 100 for heading in ('k-NN', 'linear', 'online probe', 'k-NN monitor'))


def test_a_network_without_conv5_gets_one_and_is_judged_before_and_after(tmp_path, monkeypatch, few_tiles, here):
    few_tiles(monkeypatch)
    here(monkeypatch)
    stages = ('noconv5', 'conv5', 'finetuned')
    sets = [f'{stage}:train_cfg.max_epochs=1' for stage in stages]
    sets += [f'{stage}:train_cfg.val_interval=1' for stage in stages[1:]]
    only = ['frozen_noconv5/untrained', 'frozen_noconv5/noconv5', 'frozen/conv5', 'finetuned/conv5']
    run_study(STUDIES / 's3l_grey_tiles.py', Wishes(work_dir=tmp_path, sets=sets, only=only, seeds=1))
    figures = {row['network']: figures for row, figures in results_of(tmp_path)}
    assert all(0 < figures[network]['k-NN without conv5'] <= 100 for network in ('untrained', 'noconv5'))
    assert figures['noconv5']['k-NN'] is None
    assert all(0 < figures['conv5'][heading] <= 100 for heading in ('k-NN', 'linear', 'fine-tuned'))
    assert figures['conv5']['TFLOPs'] > figures['noconv5']['TFLOPs']
    log = (tmp_path / 'conv5' / 'console.log').read_text()
    assert 'layer4' in log, 'what is fresh is said'
