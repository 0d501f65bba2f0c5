"""A dry run makes the checks of a training and leaves nothing behind."""

import pytest
from mmengine.config import Config

from sslrecipes.commands.dry_run import dry_run
from sslrecipes.commands.rehearsal import scratch
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, ConfigError, DataError, StorageError, UserError


@pytest.fixture
def cfg(mae_on_digits, tmp_path):
    mae_on_digits.log_level = 'INFO'
    mae_on_digits.work_dir = str(tmp_path / 'new' / 'run')
    return mae_on_digits


def everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob('*'))


def test_nothing_is_left(cfg, tmp_path, capsys):
    dry_run(cfg)
    assert 'FLOPs per image' in capsys.readouterr().out
    assert everything(tmp_path) == []


def test_nor_in_the_folder_of_a_run(cfg, tmp_path, capsys):
    cfg.train_cfg.max_epochs = cfg.param_scheduler.epochs = 2
    SSLRunner.from_cfg(Config(cfg.to_dict())).train()
    before = everything(tmp_path)
    cfg.resume = True
    dry_run(Config(cfg.to_dict()))
    assert everything(tmp_path) == before
    cfg.model.backbone.mask_ratio = 0.5
    with pytest.raises(CheckpointError, match=r'model\.backbone\.mask_ratio: 0\.75 -> 0\.5'):
        dry_run(cfg)
    assert everything(tmp_path) == before


def with_hook(**options):
    return lambda cfg: cfg.merge_from_dict(dict(custom_hooks=[options]))


def with_images_of_another_size(cfg):
    cfg.train_dataloader.dataset.pipeline[0].scale = 12


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        (with_images_of_another_size, DataError, '12'),
        (with_hook(type='OnlineProbeHook', num_classes=12), ConfigError, 'num_classes is 12'),
        (lambda cfg: cfg.model.neck.update(embed_dim=12), ConfigError, r'model\.neck\.decoder_embed \(Linear\)'),
        (lambda cfg: cfg.update(load_from='none.pth'), CheckpointError, 'none.pth'),
    ],
)
def test_what_training_refuses_is_refused(cfg, tmp_path, change, error, words):
    change(cfg)
    with pytest.raises(error, match=words):
        SSLRunner.from_cfg(Config(cfg.to_dict() | dict(work_dir=str(tmp_path / 'trained')))).train()
    before = everything(tmp_path)
    with pytest.raises(UserError, match=words):
        dry_run(cfg)
    assert everything(tmp_path) == before


def test_data_that_would_be_written_are_written_elsewhere(tmp_path):
    root = str(tmp_path / 'photo_scenes')
    cfg = Config(
        dict(
            work_dir=str(tmp_path / 'run'),
            val_dataloader=dict(dataset=dict(type='sslrecipes.PhotoScenesDetection', data_root=root + '/')),
            val_evaluator=[dict(ann_file=f'{root}/annotations/a.json', other=f'{root}_2/a.json')],
            visualizer=dict(type='Visualizer', vis_backends=[dict(type='WandbVisBackend')]),
        )
    )
    with scratch(cfg):
        elsewhere = cfg.work_dir
        assert cfg.val_dataloader.dataset.data_root == f'{elsewhere}/data/'
        assert cfg.val_evaluator[0].ann_file == f'{elsewhere}/data/annotations/a.json'
        assert cfg.val_evaluator[0].other == f'{root}_2/a.json'
        assert cfg.visualizer == dict(type='Visualizer', vis_backends=[])
    assert everything(tmp_path) == []


def test_a_place_that_cannot_be_written(cfg, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr('sslrecipes.commands.rehearsal.TemporaryDirectory', refuse)
    with pytest.raises(StorageError, match='Permission denied'):
        dry_run(cfg)
