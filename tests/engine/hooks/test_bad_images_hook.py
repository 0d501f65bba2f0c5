from types import SimpleNamespace
from unittest.mock import MagicMock

import cv2
import numpy as np
import pytest
import torch

from sslrecipes.datasets import ImageFolder, seeded
from sslrecipes.datasets.images.bad_images import entry
from sslrecipes.distributed.step_vote import StepVote
from sslrecipes.engine.hooks.bad_images_hook import BadImagesHook
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, RunError

LOADING = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


@pytest.fixture
def folder(tmp_path):
    """A hundred JPEGs of 8 x 8 pixels."""
    path = tmp_path / 'images'
    path.mkdir()
    for number in range(100):
        pixels = np.random.randint(0, 256, (8, 8, 3), dtype=np.uint8)
        (path / f'{number:02}.jpg').write_bytes(cv2.imencode('.jpg', pixels)[1].tobytes())
    return path


@pytest.fixture
def recipe(mae_on_digits, folder):
    """Two epochs over the folder, five steps each."""
    loader = mae_on_digits.train_dataloader
    loader.batch_size = 20
    loader.dataset = dict(type='ImageFolder', data_root=str(folder), pipeline=LOADING)
    mae_on_digits.train_cfg.max_epochs = mae_on_digits.param_scheduler.epochs = 2
    mae_on_digits.default_hooks.bad_images = dict(type='BadImagesHook')
    return mae_on_digits


def damage(folder, *numbers):
    for number in numbers:
        path = folder / f'{number:02}.jpg'
        path.write_bytes(path.read_bytes()[:-20])


def trained(recipe):
    runner = SSLRunner.from_cfg(recipe)
    runner.train()
    return torch.cat([parameter.detach().flatten() for parameter in runner.model.parameters()])


def test_one_per_cent_trains_and_the_workers_make_no_difference(recipe, folder, tmp_path):
    damage(folder, 17)
    weights, lists = [], []
    for workers in (0, 2):
        recipe.train_dataloader.num_workers = workers
        recipe.work_dir = str(tmp_path / f'run{workers}')
        weights.append(trained(recipe))
        lists.append((tmp_path / f'run{workers}' / 'bad_images.txt').read_bytes())
    assert lists == [entry(f'{folder}/17.jpg', 'cut off: JPEG without an end')] * 2
    assert torch.equal(*weights)


def test_five_per_cent_stop_the_run_with_count_share_list_and_tool(recipe, folder):
    folder = folder.rename(folder.with_name('my images'))
    recipe.train_dataloader.dataset.data_root = str(folder)
    damage(folder, 1, 2, 3, 5, 8)
    with pytest.raises(RunError) as caught:
        trained(recipe)
    sentence = str(caught.value)
    for part in ('of 100 training images', 'more than 1.00%', 'bad_images.txt"', f"tools/check_data.py '{folder}'`"):
        assert part in sentence


def test_a_resumed_run_goes_on_with_the_list_and_a_new_one_begins_its_own(recipe, folder, tmp_path):
    damage(folder, 17)
    trained(recipe)
    found = tmp_path / 'run/bad_images.txt'
    with found.open('ab') as file:
        file.write(entry('another.jpg', 'empty file') + b'garbage.jpg\tempty file\n')
    recipe.resume = True
    with pytest.raises(RunError, match=r'2 of 100 training images \(2\.00%\)'):
        trained(recipe)
    recipe.resume = False
    trained(recipe)
    assert len(found.read_text().splitlines()) == 1


def test_a_data_set_that_skips_nothing_is_left_alone(mae_on_digits, tmp_path):
    mae_on_digits.default_hooks.bad_images = dict(type='BadImagesHook', limit=0)
    mae_on_digits.train_cfg.max_epochs = 1
    trained(mae_on_digits)
    assert not (tmp_path / 'run/bad_images.txt').exists()


def test_the_limit_itself_is_allowed(folder, tmp_path):
    dataset, _ = seeded(ImageFolder(str(folder), pipeline=LOADING), [], 0)
    runner = SimpleNamespace(
        work_dir=tmp_path, _resume=True, logger=MagicMock(), train_dataloader=SimpleNamespace(dataset=dataset),
        vote=StepVote(),
    )  # fmt: skip
    hook, names = BadImagesHook(limit=0.29), [entry(f'{number}.jpg', 'empty file') for number in range(30)]
    (tmp_path / 'bad_images.txt').write_bytes(b''.join(names[:29]))
    hook.before_train(runner)
    (tmp_path / 'bad_images.txt').write_bytes(b''.join(names))
    with pytest.raises(RunError, match='30 of 100'):
        hook.after_optimizer_step(runner)
    runner.logger.warning.assert_called()


@pytest.mark.parametrize('limit', [-0.1, 1.5])
def test_a_limit_that_is_no_share_is_refused(limit):
    with pytest.raises(ConfigError, match='share between 0 and 1'):
        BadImagesHook(limit)
