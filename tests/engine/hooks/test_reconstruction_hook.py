import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from PIL import Image
from torch.utils.data import Dataset

import sslrecipes.engine.hooks
import sslrecipes.models
import sslrecipes.visualization  # noqa: F401  registers
from sslrecipes.engine.hooks.reconstruction_hook import draw_candidates
from sslrecipes.errors import ConfigError


class NoisyColours(Dataset):
    """Twelve 16 px images, each of one colour, with noise as augmentation."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        noise = np.random.randint(0, 20, (3, 16, 16)) + torch.randint(0, 20, (3, 16, 16)).numpy()
        return dict(inputs=torch.from_numpy(noise + 15 * index).to(torch.uint8), data_samples=index)


class Features(BaseModel):
    """A method that predicts no pixels."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        raise AssertionError('training must not start')


@pytest.fixture
def train(mae_cfg):
    """Function that trains the tiny MAE, or another ``model``, with some hooks."""

    def run(work_dir, *hooks, model=None, epochs=3, lr=0.01):
        runner = Runner(
            model=model or mae_cfg,
            work_dir=str(work_dir),
            train_dataloader=dict(
                dataset=NoisyColours(),
                batch_size=4,
                sampler=dict(type='DefaultSampler', shuffle=True),
                collate_fn=dict(type='default_collate'),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=lr)),
            default_hooks=dict(checkpoint=None),
            custom_hooks=list(hooks),
            visualizer=dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')]),
            randomness=dict(seed=0),
            default_scope='sslrecipes',
            experiment_name=work_dir.as_posix(),
        )
        runner.train()
        return runner

    return run


def hook(**options):
    return dict(type='ReconstructionHook', num_images=3, **options)


def picture(work_dir, epoch):
    return np.asarray(Image.open(work_dir / 'vis' / f'reconstruction_epoch_{epoch}.png'))


def tiles(grid):
    """Pictures of three rows, ``(3, 160, 4 * 166, 3)``."""
    return np.stack([grid[44 + 185 * row :][:160, :-6] for row in range(3)])


def test_draws_every_interval_and_at_the_end(tmp_path, train, masked_autoencoder):
    runner = train(tmp_path, hook(interval=2), model=masked_autoencoder, epochs=5)
    names = {path.name for path in (tmp_path / 'vis').iterdir()}
    assert names == {f'reconstruction_epoch_{epoch}.png' for epoch in (2, 4, 5)}
    shown = tmp_path / runner.timestamp / 'vis_data' / 'vis_image' / 'reconstruction_2.png'
    assert (np.asarray(Image.open(shown)) == picture(tmp_path, 2)).all()


def test_images_and_masks_are_the_same_in_every_epoch_and_run(tmp_path, train):
    train(tmp_path / 'first', hook(interval=1), epochs=2, lr=0.0)
    train(tmp_path / 'second', hook(interval=1), epochs=1, lr=1.0)
    first, later, second = (
        tiles(picture(tmp_path / name, epoch)) for name, epoch in (('first', 1), ('first', 2), ('second', 1))
    )
    assert (first == later).all()
    assert (first[:, :, : 2 * 166] == second[:, :, : 2 * 166]).all()  # originals and masked
    assert (first != second).any()  # another learning rate, another prediction


def test_images_are_spread_over_the_data_set_and_show_something(tmp_path, train, monkeypatch):
    monkeypatch.setattr(NoisyColours, '__getitem__', striped(NoisyColours.__getitem__))
    runner = train(tmp_path, hook(interval=9), epochs=1)
    (recorder,) = (hook for hook in runner.hooks if type(hook).__name__ == 'ReconstructionHook')
    levels = recorder._images[..., 1::2].float().mean((1, 2, 3))
    assert levels.sub(19).div(15).round().tolist() == [2, 6, 10]


def striped(get):
    """Function that blackens every other column of every fourth image."""

    def striped_get(dataset, index):
        sample = get(dataset, index)
        if index % 4 == 2:
            sample['inputs'][..., ::2] = 0
        return sample

    return striped_get


def test_candidates_are_seeded_and_come_from_all_stretches():
    drawn = draw_candidates(1000, 4, seed=3)
    assert drawn == draw_candidates(1000, 4, seed=3) != draw_candidates(1000, 4, seed=4)
    assert all(len(set(some)) == 8 for some in drawn)
    assert [{index // 250 for index in some} for some in drawn] == [{0}, {1}, {2}, {3}]
    assert draw_candidates(2, 4, seed=0) == [[0], [1]]


def test_training_is_not_disturbed(tmp_path, train):
    with_hook = train(tmp_path / 'with', hook(interval=1)).model.state_dict()
    without = train(tmp_path / 'without').model.state_dict()
    for name, value in without.items():
        assert torch.equal(with_hook[name], value), name


def test_methods_without_pixels_are_refused_before_training(tmp_path, train):
    with pytest.raises(ConfigError, match=r'Features predicts no pixels.*remove ReconstructionHook'):
        train(tmp_path, hook(), model=Features())


def test_unknown_option_is_refused_when_built(tmp_path, train):
    with pytest.raises(ConfigError, match='patch_colours is "flat"'):
        train(tmp_path, hook(patch_colours='flat'))
    with pytest.raises(ConfigError, match='num_images must be at least 1, not 0'):
        train(tmp_path, {**hook(), 'num_images': 0})
