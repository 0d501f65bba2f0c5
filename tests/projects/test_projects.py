import importlib.util
import math
from pathlib import Path

import pytest
import torch
from mmengine.dataset import default_collate
from PIL import Image

from sslrecipes.commands.config_check import check_components
from sslrecipes.config.loading import load_config, override
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS, MODELS
from sslrecipes.zoo.naming import parse_name

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = {path.stem.partition('_')[0]: path for path in ROOT.glob('projects/*/configs/*.py')}
VIT = dict(arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32), patch_size=4)


@pytest.fixture(scope='module')
def tiny():
    spec = importlib.util.spec_from_file_location('tiny_projects', ROOT / 'tests/recipes/tiny.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def load(monkeypatch):
    """Function from a method to a project's config, with the checkout root on Python's path."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda method: load_config(CONFIGS[method])


@pytest.fixture
def build(load):
    """Function that builds the grid-masked encoder for 4 x 6 patches; loading its config registers the class."""
    load('grid-mask-mae')
    return lambda **kwargs: MODELS.build(dict(type='GridMaskViT', **VIT, **{'img_size': (16, 24), **kwargs}))


@pytest.mark.parametrize('method', CONFIGS)
def test_config_is_sound_and_trains(method, load, tiny):
    cfg = load(method)
    check_components(cfg)
    name = parse_name(cfg.filename)
    assert name.disagreements(cfg) == []
    assert name.effective_batch == cfg.auto_scale_lr.base_batch_size
    log, unchanged = tiny.train_step(tiny.shrink(cfg))
    assert math.isfinite(log['loss'])
    assert unchanged == []


def test_one_patch_of_every_cell_is_visible_and_each_place_is_as_likely(build):
    noise = torch.randint(1024, (4000, 24)) / 1024  # coarse, so that some cells have ties
    ids_keep, ids_restore, mask = build().draw_mask(noise)
    visible = 1 - mask.reshape(-1, 2, 2, 3, 2)  # image, row of cells, row in the cell, column of cells, column in it
    assert (visible.sum((2, 4)) == 1).all()
    assert (visible.mean(0) - 0.25).abs().max() < 0.04  # nearly six standard deviations of a mean of 4000 draws
    assert torch.equal(ids_restore.gather(1, ids_keep), torch.arange(6).expand(4000, -1))


def test_the_encoder_sees_the_mask_it_reports(build):
    vit, images, noise = build(), torch.randn(2, 3, 16, 24), torch.rand(2, 24)
    latent, mask, _ = vit(images, noise=noise)
    removed = mask.reshape(2, 1, 4, 6).repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert torch.equal(vit(images + 9 * removed, noise=noise)[0], latent)
    assert not torch.equal(vit(images + 9 * (1 - removed), noise=noise)[0], latent)


@pytest.mark.parametrize('wrong', [dict(mask_ratio=0.6), dict(img_size=20)])
def test_what_does_not_fit_the_cells_is_refused(build, wrong):
    with pytest.raises(ConfigError, match=r'must have even sides and mask_ratio .* must be 0\.75'):
        build(**wrong)


def test_pictures_of_the_folder_on_the_command_line_are_batched(load, tmp_path):
    cfg = load('mae')
    (tmp_path / 'holiday').mkdir()
    Image.new('RGB', (300, 200), 'red').save(tmp_path / 'one.jpg')
    Image.new('L', (40, 90)).save(tmp_path / 'holiday' / 'two.PNG')
    override(cfg, {'train_dataloader.dataset.data_root': str(tmp_path)})
    check_dataset(cfg.train_dataloader.dataset)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(dataset) == 2
    assert default_collate([dataset[0], dataset[1]])['inputs'].shape == (2, 3, 224, 224)
