"""Reconstruction pictures during the pre-training of masked autoencoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from PIL import Image

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.datasets.seeding import SeededDataset
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import DATASETS, HOOKS
from sslrecipes.visualization.patch_colours import PatchColours, check_patch_colours

CANDIDATES = 8
"""Samples of which one is shown."""


@HOOKS.register_module()
class ReconstructionHook(Hook):
    """Every few epochs, draw what a masked autoencoder makes of the same masked images.

    Images and masks are chosen once, so the pictures can be compared across epochs. They go to
    ``{work_dir}/vis/reconstruction_epoch_{N}.png`` and, under the name ``reconstruction``, to the visualizer
    (TensorBoard); other pictures of these names are kept as ``*.superseded``. Training is not disturbed: every random
    state and train/eval flag stays as it was. Of no use to methods that predict features, such as TEC: they are refused
    before training.

    Args:
        interval: Epochs between two pictures; the last epoch always gets one.
        num_images: Number of images, one from each of so many equal stretches of the data set: of a few drawn there,
            that of the highest contrast, since an even one shows nothing.
        dataset: Config of the data set to take them from. By default the training set, with its augmentations.
        seed: Seed of the choice, of the masks and, for a data set given by ``dataset``, of its augmentations (the
            training set's follow the run's seed).
        patch_colours: How to show a ``norm_pix`` prediction, see
            :func:`sslrecipes.visualization.patch_colours.shown_statistics`.

    Raises:
        ConfigError: If ``num_images`` is below 1 or ``patch_colours`` is unknown.
    """

    priority = 'LOW'

    def __init__(
        self,
        interval: int = 10,
        num_images: int = 4,
        dataset: dict[str, Any] | None = None,
        seed: int = 0,
        patch_colours: PatchColours = 'original',
    ) -> None:
        check_patch_colours(patch_colours)
        if num_images < 1:
            raise ConfigError(f'num_images must be at least 1, not {num_images}.')
        self._interval = interval
        self._num_images = num_images
        self._dataset = dataset
        self._seed = seed
        self._patch_colours = patch_colours
        self._images: torch.Tensor | None = None

    def before_train(self, runner: Runner) -> None:
        """Choose the images.

        Raises:
            ConfigError: If the model predicts no pixels.
        """
        from sslrecipes.visualization.reconstruction import require_pixels

        require_pixels(unwrapped(runner.model))
        if is_main_process():
            dataset = DATASETS.build(self._dataset) if self._dataset else runner.train_dataloader.dataset
            samples = SeededDataset(dataset, self._seed)
            samples.reader.replaces = True
            drawn = draw_candidates(len(dataset), self._num_images, self._seed)
            images = ([samples[index]['inputs'] for index in stretch] for stretch in drawn)
            self._images = torch.stack([max(some, key=contrast) for some in images])

    def after_train_epoch(self, runner: Runner) -> None:
        """Draw and write the picture."""
        last = runner.epoch + 1 == runner.max_epochs
        if self._images is None or not (last or self.every_n_epochs(runner, self._interval)):
            return
        from sslrecipes.visualization.reconstruction import draw_reconstruction

        epoch = runner.epoch + 1
        grid = draw_reconstruction(
            unwrapped(runner.model), self._images, self._seed, self._patch_colours, title=f'epoch {epoch}'
        )
        path = Path(runner.work_dir, 'vis', f'reconstruction_epoch_{epoch}.png')
        write_atomic(path, lambda file: Image.fromarray(grid).save(file, format='PNG'), keep_other=True)
        runner.visualizer.add_image('reconstruction', grid, step=epoch)


def draw_candidates(size: int, num_images: int, seed: int) -> list[list[int]]:
    """Draw up to :data:`CANDIDATES` indices from each of ``num_images`` equal stretches of ``size`` samples."""
    generator = torch.Generator().manual_seed(seed)
    stretches = torch.arange(size).chunk(min(num_images, size))
    return [some[torch.randperm(len(some), generator=generator)[:CANDIDATES]].tolist() for some in stretches]


def contrast(image: torch.Tensor) -> float:
    """Standard deviation of the values of an image."""
    return image.float().std().item()
