"""A picture of what a recipe's data pipeline makes of images: each image, its crops and its views in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from mmengine.registry import DefaultScope
from numpy.typing import NDArray
from PIL import Image, ImageColor
from torch import Tensor

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.images.bad_samples import BadFiles, find_bad_file
from sslrecipes.datasets.preflight.dataset import check_dataset
from sslrecipes.datasets.seeding import kept_random_states, seed_sample
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.registry import DATASETS
from sslrecipes.visualization.grid import picture_grid
from sslrecipes.visualization.image_files import files_of

TILE = 224
COLOURS = ('red', 'blue', 'orange', 'limegreen', 'magenta', 'cyan', 'gold', 'chocolate', 'purple', 'white')


class Sample(NamedTuple):
    """An image and its views, BGR uint8 ``(H, W, 3)``.

    Attributes:
        image: As it was decoded.
        views: What is left of the pipeline before ``PackInputs``.
        boxes: Left, top, right, bottom of each view in pixels of ``image``; empty if the pipeline doesn't tell.
    """

    image: NDArray[np.uint8]
    views: list[NDArray[np.uint8]]
    boxes: NDArray[np.float32]


def visualize_views(
    config: str | Path, out: str | Path, images: int = 4, cfg_options: dict[str, Any] | None = None
) -> Path:
    """Write a picture of the first images of a recipe's training data and their views in the first epoch.

    Args:
        config: Recipe.
        out: The picture to write; its ending is the format.
        images: How many.
        cfg_options: Overrides of the recipe: dotted keys and values.

    Raises:
        UserError: If the recipe, its data or the name of the picture don't serve; the message says why.
    """
    image_format = Image.registered_extensions().get(Path(out).suffix.lower())
    if image_format is None:
        raise ConfigError(f'"{out}" has no ending of an image format, such as .png.')
    if images < 1:
        raise ConfigError(f'{images} images are none to show: give at least 1.')
    refuse_overwriting(config_inputs(load_config(config, cfg_options)), out)
    grid = draw_views(load_samples(config, images, out, cfg_options), title=Path(config).stem)
    return write_atomic(out, lambda file: Image.fromarray(grid).save(file, format=image_format))


def load_samples(
    config: str | Path, count: int, out: str | Path | None = None, cfg_options: dict[str, Any] | None = None
) -> list[Sample]:
    """Run the training pipeline of a recipe on its first ``count`` good images.

    Raises:
        ConfigError: If the recipe has no training data.
        DataError: If none of the images can be shown.
        StorageError: If ``out`` is one of the recipe's images.
    """
    cfg = load_config(config, cfg_options)
    if not cfg.get('train_dataloader'):
        raise ConfigError(f'"{config}" has no train_dataloader: give the recipe of a training.')
    check_dataset(cfg.train_dataloader.dataset, labels_count=False)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')), kept_random_states():
        dataset = DATASETS.build(cfg.train_dataloader.dataset)
        while not hasattr(dataset, 'pipeline'):  # wrapped
            dataset = dataset.dataset if hasattr(dataset, 'dataset') else dataset.datasets[0]
        refuse_overwriting(files_of(dataset), *([] if out is None else [out]))
        samples = _samples(dataset, cfg.get('randomness', {}).get('seed') or 0)
        shown = [sample for sample, _ in zip(samples, range(count), strict=False)]
    if not shown:
        raise DataError(f'No image of the training data of "{config}" could be shown.')
    return shown


def draw_views(samples: list[Sample], title: str = '') -> NDArray[np.uint8]:
    """Lay samples out in rows: the image with the boxes of its views, then the views.

    Returns:
        The picture, uint8 RGB ``(height, width, 3)``.
    """
    columns = {'image': _stack([_letterbox(_with_boxes(sample)) for sample in samples])}
    for number, views in enumerate(zip(*(sample.views for sample in samples), strict=True)):
        colour = f', {COLOURS[number % len(COLOURS)]}' if samples[0].boxes.size else ''
        alike = len({view.shape for view in views}) == 1
        columns[f'view {number}{colour}'] = _stack(list(views) if alike else list(map(_letterbox, views)))
    return picture_grid(columns, title=title)


def _samples(dataset: Any, seed: int) -> Iterator[Sample]:
    bad = BadFiles()
    for index in range(len(dataset)):
        seed_sample(seed, 0, index)
        try:
            sample = _run(dataset.pipeline.transforms, dataset.get_data_info(index))
        except Exception as error:
            if (found := find_bad_file(error, dataset, index)) is None:
                raise
            bad.add(*found)
        else:
            if sample is not None:
                yield sample


def _run(transforms: list[Any], results: dict[str, Any] | None) -> Sample | None:
    """Apply transforms up to ``PackInputs``; a bad image has no sample."""
    image = None
    for transform in [None, *transforms]:
        if type(transform).__name__ == 'PackInputs':
            break
        results = transform(results) if transform else results
        if results is None:
            return None
        if image is None and 'img' in results:
            image = results['img'].copy()
    assert results is not None
    assert image is not None
    views = results['img'] if isinstance(results['img'], list) else [results['img']]
    return Sample(image, views, np.asarray(results.get('crop_boxes', ()), np.float32))


def _with_boxes(sample: Sample) -> NDArray[np.uint8]:
    """Draw the boxes of the views, those drawn last on top, each in the colour of its column."""
    image = sample.image.copy()
    thickness = max(1, round(max(image.shape[:2]) / TILE * 2))
    for number, (left, top, right, bottom) in enumerate(sample.boxes.astype(int).tolist()):
        bgr = ImageColor.getrgb(COLOURS[number % len(COLOURS)])[2::-1]
        cv2.rectangle(image, (left, top), (right - 1, bottom - 1), bgr, thickness)
    return image


def _letterbox(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Fit an image into a white square."""
    height, width = image.shape[:2]
    scale = TILE / max(height, width)
    fitted = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
    square = np.full((TILE, TILE, 3), 255, np.uint8)
    square[: fitted.shape[0], : fitted.shape[1]] = fitted
    return square


def _stack(images: list[NDArray[np.uint8]]) -> Tensor:
    """Stack BGR images ``(H, W, 3)`` of one size as RGB ``(B, 3, H, W)``."""
    return torch.from_numpy(np.stack(images)[..., ::-1].copy()).permute(0, 3, 1, 2)
