import json
from pathlib import Path

import pytest
from mmengine.config import Config

from sslrecipes.commands.mae_priv_quickstart import FINETUNING, KNN, PRETRAINING, PROBE, run
from sslrecipes.commands.quickstart import CONFIGS
from sslrecipes.config.loading import load_config

STRIDE = 128  # one tile in sixteen


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """Folder and rows of a run with one epoch of each training on few tiles."""
    folder = tmp_path_factory.mktemp('quickstart') / 'mae-priv'
    return folder, run(folder, epochs=1, stride=STRIDE)


def config_of(folder, part):
    (path,) = (folder / part).glob('*.py')
    return Config.fromfile(path).to_dict()


def test_table_and_report_tell_all_scores(finished):
    folder, rows = finished
    assert [row.start for row in rows] == ['random init', 'GAP', 'class token']
    assert [row.seconds is None for row in rows] == [True, False, False]
    text = (folder / 'report.md').read_text()
    for row in rows:
        scores = [row.knn_top1, row.knn_balanced, row.linear_top1, row.finetuned_top1, row.finetuned_balanced]
        assert all(0 < score <= 100 for score in scores)
        assert f'| {" | ".join(row.cells())} |' in text
    results = json.loads((folder / 'results.json').read_text())['results']
    assert [one['finetuned_top1'] for one in results] == [row.finetuned_top1 for row in rows]


@pytest.mark.parametrize('variant', ['gap', 'cls'])
def test_pictures_and_pages_are_there(finished, variant):
    folder, _ = finished
    pages = [f'reconstruction_{variant}.html', f'attention_{variant}/index.html']
    pictures = [f'reconstruction_{variant}.png', f'attention_{variant}/rollout.png']
    for name in pages:
        assert (folder / name).read_text().count('<img') > 5
    for name in (*pictures, 'pretraining_loss.png', 'finetuning_loss.png'):
        assert (folder / name).read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('part', ['linear', 'finetune'])
def test_random_and_pretrained_networks_are_trained_alike(finished, part):
    folder, _ = finished
    random, gap = (config_of(folder, f'{start}-{part}') for start in ('random', 'gap'))
    assert random['model']['backbone'].pop('init_cfg') is None
    assert gap['model']['backbone'].pop('init_cfg')['checkpoint'] == str(folder / 'gap' / 'epoch_1.pth')
    assert {key for key in gap if gap[key] != random[key]} == {'work_dir'}


@pytest.mark.parametrize('variant', ['gap', 'cls'])
@pytest.mark.parametrize('evaluation', [KNN, PROBE, FINETUNING])
def test_recipes_form_a_chain_by_hand(variant, evaluation):
    pretraining, after = (load_config(CONFIGS / name.format(variant)) for name in (PRETRAINING, evaluation))
    backbone = after.model.backbone
    assert backbone.init_cfg.checkpoint == f'{pretraining.work_dir}/epoch_{pretraining.train_cfg.max_epochs}.pth'
    for option in ('arch', 'img_size', 'patch_size', 'with_cls_token'):
        assert backbone[option] == pretraining.model.backbone[option]
    assert Path(after.work_dir).parent == Path(pretraining.work_dir).parent
