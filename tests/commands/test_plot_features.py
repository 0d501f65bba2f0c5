import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

from sslrecipes.commands import plot_features as feature_map
from sslrecipes.commands.plot_features import plot_features
from sslrecipes.errors import CheckpointError, ConfigError, DataError
from sslrecipes.registry import MODELS

TOOL = Path(__file__).parents[2] / 'tools' / 'plot_features.py'


def write_config(path, mae_cfg, **changes):
    arch = dict(mae_cfg['backbone'], img_size=8, patch_size=2)
    neck, head = dict(mae_cfg['neck'], patch_size=2), dict(mae_cfg['head'], patch_size=2)
    loader = dict(
        dataset=dict(type='Digits', split='val', pipeline=[dict(type='PackInputs')]),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        batch_size=64,
        num_workers=0,
    )
    cfg = dict(model=dict(mae_cfg, backbone=arch, neck=neck, head=head))
    cfg |= dict(val_dataloader=loader, val_cfg=dict(), val_evaluator=[dict(type='SelfKNN')])
    Config({**cfg, **changes}).dump(path)
    return path


@pytest.fixture
def config(tmp_path, mae_cfg):
    return write_config(tmp_path / 'mae.py', mae_cfg)


@pytest.fixture
def checkpoints(tmp_path, config):
    """Two sets of weights under the same name in two folders, and one under another."""
    paths = [tmp_path / name for name in ('run_a/epoch_1.pth', 'run_b/epoch_1.pth', 'run_b/epoch_2.pth')]
    for path in paths:
        model = MODELS.build(Config.fromfile(config).model)
        model.init_weights()
        path.parent.mkdir(exist_ok=True)
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, path)
    return paths


@pytest.fixture
def drawn(monkeypatch):
    """What is given to ``draw_panels``."""
    calls = []
    draw = feature_map.draw_panels

    def record(panels, labels, names, out):
        calls.append((panels, labels, names))
        return draw(panels, labels, names, out)

    monkeypatch.setattr(feature_map, 'draw_panels', record)
    return calls


def test_a_panel_per_checkpoint(tmp_path, config, checkpoints, drawn):
    out = plot_features(config, checkpoints, tmp_path / 'new' / 'out.png', limit=60, classes=4, perplexity=10)
    with Image.open(out) as picture:
        assert picture.width > 2 * picture.height
    ((panels, labels, names),) = drawn
    assert list(panels) == ['epoch_1', 'run_b/epoch_1', 'epoch_2']
    assert np.unique(labels).tolist() == [0, 1, 2, 3]
    assert len(labels) == 60
    assert names == tuple('0123456789')
    assert not np.array_equal(panels['epoch_1'], panels['epoch_2'])


def test_same_picture_from_the_cache(tmp_path, config, checkpoints, drawn, monkeypatch):
    options = dict(method='pca', limit=60, cache_dir=tmp_path / 'cache')
    plot_features(config, checkpoints[:1], tmp_path / 'out.png', **options)
    assert len(list((tmp_path / 'cache').iterdir())) == 1
    monkeypatch.setattr('sslrecipes.evaluation.features._extract', None)
    plot_features(config, checkpoints[:1], tmp_path / 'out.png', **options)
    assert np.array_equal(drawn[0][0]['epoch_1'], drawn[1][0]['epoch_1'])


def test_mistakes_are_named(tmp_path, mae_cfg, config, checkpoints):
    out = tmp_path / 'out.png'
    with pytest.raises(ConfigError, match='must end in one of'):
        plot_features(config, checkpoints, tmp_path / 'out')
    with pytest.raises(ConfigError, match='no val_dataloader'):
        plot_features(
            write_config(tmp_path / 'no.py', mae_cfg, val_dataloader=None, val_cfg=None, val_evaluator=None),
            checkpoints,
            out,
        )
    with pytest.raises(DataError, match='needs 90 samples, there are 50'):
        plot_features(config, checkpoints, out, limit=50)
    with pytest.raises(CheckpointError):
        plot_features(config, [tmp_path / 'none.pth'], out)
    with pytest.raises(CheckpointError):
        plot_features(config, checkpoints, out, prefix='teacher.backbone.')
    folder = tmp_path / 'images'
    folder.mkdir()
    Image.new('RGB', (8, 8)).save(folder / 'a.png')
    loader = Config.fromfile(config).val_dataloader
    loader.dataset = dict(type='CustomDataset', data_root=str(folder), with_label=False, pipeline=[])
    with pytest.raises(DataError, match='no labels'):
        plot_features(write_config(tmp_path / 'unlabelled.py', mae_cfg, val_dataloader=loader), checkpoints, out)
    assert not out.exists()


@pytest.mark.parametrize(('method', 'code'), [('pca', 0), ('lda', 2)])
def test_tool(tmp_path, config, checkpoints, monkeypatch, capsys, method, code):
    spec = importlib.util.spec_from_file_location('plot_features', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    words = (TOOL, config, checkpoints[0], '--out', tmp_path / 'out.png', '--method', method, '--limit', 40)
    told = []
    monkeypatch.setattr(feature_map, 'print_log', lambda text, *_: told.append(text))
    words += ('--cfg-options', 'val_dataloader.dataset.indices=50')
    monkeypatch.setattr(sys, 'argv', list(map(str, words)))
    if code:
        with pytest.raises(SystemExit) as exit_:
            tool.main()
        assert exit_.value.code == code
        assert capsys.readouterr().err.startswith('error: method is one of tsne, pca, umap')
    else:
        tool.main()
        assert told == ['40 images of 50 and 10 classes of 10 are drawn: the limits are 40 and 20']
        assert capsys.readouterr().out.endswith('out.png\n')
    assert (tmp_path / 'out.png').exists() == (code == 0)
