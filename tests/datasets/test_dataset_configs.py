"""Files under configs/_base_/datasets: each loads, builds, gives a batch, and the batch passes its preprocessor."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import DataError
from sslrecipes.registry import METRICS, MODELS

FOLDER = Path(__file__).parents[2] / 'configs/_base_/datasets'
EMBEDDED = {
    'quickstart/photo_tiles_32': (32, 18),
    'quickstart/photo_tiles_96': (96, 18),
    'quickstart/photo_tiles_32_eval': (32, 18),
    'quickstart/stamps_32_eval': (32, 10),
    'quickstart/stamps_96_eval': (96, 10),
    'quickstart/photo_tiles_96_eval': (96, 18),
    'digits_8': (8, 10),
}
IMAGENET = (
    'mae/in1k_224',
    'mae_priv/in1k_224',
    'in1k_linear_224',
    'mae/in1k_finetune_224',
    'sslight/in1k_eval_224',
    'mae_priv/in1k_knn_224',
    *(f'mae_priv/in1k_finetune_{size}' for size in (224, 384, 512)),
)
MULTI_CROP = (
    'sslight/in1k_multi_crop_224',
    'quickstart/photo_tiles_32_multi_crop',
)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def config(name: str) -> Config:
    return Config.fromfile(FOLDER / f'{name}.py')


def first_batch(cfg: Config, loader_name: str) -> dict:
    """First batch of at most four samples, through the preprocessor of the file."""
    loader = cfg[loader_name]
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    data = next(iter(Runner.build_dataloader(loader, seed=0)))
    assert data['inputs'].dtype == torch.uint8
    return MODELS.build(cfg.data_preprocessor)(data)


@pytest.mark.parametrize('name', EMBEDDED)
def test_embedded_data_give_normalised_batches(name, stamp_folder):
    size, classes = EMBEDDED[name]
    cfg = config(name)
    for loader in (key for key in LOADERS if key in cfg):
        if cfg[loader].dataset.type == 'Stamps':
            cfg[loader].dataset.data_root = str(stamp_folder)
        check_dataset(cfg[loader].dataset)
        batch = first_batch(cfg, loader)
        assert batch['inputs'].shape == (4, 3, size, size)
        assert batch['inputs'].dtype == torch.float32
        assert batch['inputs'].abs().max() < 4
        assert all(0 <= sample.gt_label.item() < classes for sample in batch['data_samples'])
    assert cfg.data_preprocessor.get('num_classes', classes) == classes


def test_normalisation_of_the_digits_is_that_of_the_training_split():
    cfg = config('digits_8')
    cfg.train_dataloader.update(batch_size=2000)
    data = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
    inputs = MODELS.build(cfg.data_preprocessor)(data)['inputs']
    assert abs(inputs.mean().item()) < 1e-3
    assert abs(inputs.std().item() - 1) < 1e-3


@pytest.mark.parametrize('name', IMAGENET)
def test_imagenet_pipelines_on_a_tiny_folder(name, tmp_path, write_images):
    cfg = config(name)
    classes = ('cat', 'dog')
    for split in ('train', 'val'):
        write_images(tmp_path / split, 'cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png', size=(60, 90))
    for loader in (key for key in LOADERS if key in cfg):
        with pytest.raises(DataError, match='data/imagenet'):
            check_dataset(cfg[loader].dataset)
        cfg[loader].dataset.update(data_root=str(tmp_path), metainfo=dict(classes=classes))
        check_dataset(cfg[loader].dataset)
        size = int(name.rpartition('_')[2])
        assert first_batch(cfg, loader)['inputs'].shape == (4, 3, size, size)


def test_a_part_of_imagenet(tmp_path, write_images):
    cfg = config('sslight/in1k_semi_224')
    dataset = cfg.train_dataloader.dataset
    with pytest.raises(DataError, match='data/imagenet/train'):
        check_dataset(dataset)
    names = [f'n0{label}_{index}.png' for label in (1, 2) for index in range(3)]
    write_images(tmp_path, *(f'{name[:3]}/{name}' for name in names), size=(60, 90))
    (tmp_path / 'list.txt').write_text('\n'.join(names[1:5]))
    dataset.update(data_root=str(tmp_path), subset=str(tmp_path / 'list.txt'))
    check_dataset(dataset)
    batch = first_batch(cfg, 'train_dataloader')
    assert batch['inputs'].shape == (4, 3, 224, 224)
    assert sorted(int(sample.gt_label) for sample in batch['data_samples']) == [0, 0, 1, 1]
    evaluation = config('sslight/in1k_eval_224')
    assert dataset.pipeline == evaluation.train_dataloader.dataset.pipeline
    assert cfg.val_dataloader == evaluation.val_dataloader
    assert not cfg.train_dataloader.drop_last


def test_the_finetuning_view_adds_to_the_linear_one():
    linear, finetune = config('in1k_linear_224'), config('mae/in1k_finetune_224')
    types = [[step['type'] for step in cfg.train_dataloader.dataset.pipeline] for cfg in (linear, finetune)]
    assert types[1] == [*types[0][:3], 'RandAugment', 'RandomErasing', types[0][3]]
    assert finetune.val_dataloader == linear.val_dataloader
    assert finetune.train_dataloader.batch_size == 128


def test_an_unlabelled_folder(tmp_path, write_images):
    cfg = config('mae/image_folder_224')
    with pytest.raises(DataError, match=r'"data/images" does not exist'):
        check_dataset(cfg.train_dataloader.dataset)
    cfg.train_dataloader.dataset.data_root = str(write_images(tmp_path, *[f'{n}.png' for n in range(4)]))
    assert first_batch(cfg, 'train_dataloader')['inputs'].shape == (4, 3, 224, 224)
    assert cfg.train_dataloader.dataset.pipeline == config('mae/in1k_224').train_dataloader.dataset.pipeline


def test_multi_crop_views_of_tiles():
    cfg = config('quickstart/photo_tiles_32_multi_crop')
    cfg.train_dataloader.update(batch_size=4)
    batch = MODELS.build(cfg.data_preprocessor)(next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0))))
    assert [tuple(view.shape[2:]) for view in batch['inputs']] == [(32, 32)] * 2 + [(14, 14)] * 6
    assert first_batch(cfg, 'val_dataloader')['inputs'].shape == (4, 3, 32, 32)


def test_multi_crop_views_on_a_tiny_folder(tmp_path, write_images):
    cfg = config('sslight/in1k_multi_crop_224')
    for split in ('train', 'val'):
        write_images(tmp_path / split, 'cat/1.png', 'cat/2.png', 'dog/1.png', 'dog/2.png', size=(60, 90))
    for loader in ('train_dataloader', 'val_dataloader'):
        cfg[loader].dataset.update(data_root=str(tmp_path), metainfo=dict(classes=('cat', 'dog')))
        cfg[loader].update(batch_size=4, num_workers=0, persistent_workers=False)
        check_dataset(cfg[loader].dataset)
    views, single = (next(iter(Runner.build_dataloader(cfg[key], seed=0))) for key in LOADERS[:2])
    preprocessor = MODELS.build(cfg.data_preprocessor)
    shapes = [tuple(view.shape) for view in preprocessor(views, training=True)['inputs']]
    assert shapes == [(4, 3, 224, 224)] * 2 + [(4, 3, 96, 96)] * 6
    assert all(sample.crop_boxes.shape == (8, 4) for sample in views['data_samples'])
    assert preprocessor(single)['inputs'].shape == (4, 3, 224, 224)


@pytest.mark.parametrize('name', [*list(EMBEDDED)[2:], *IMAGENET[2:], *MULTI_CROP])
def test_evaluators_build(name):
    cfg = config(name)
    for evaluator in filter(None, (cfg.val_evaluator, cfg.get('test_evaluator'))):
        for metric in evaluator if isinstance(evaluator, list) else [evaluator]:
            METRICS.build(metric)
