"""Pictures of a recipe's data as files, for tools that look at pictures: what ``tools/save_samples.py`` does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import DefaultScope
from numpy.typing import NDArray
from PIL import Image

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.commands.culprits import told
from sslrecipes.compat.local_files import read_regular
from sslrecipes.config.loading import import_components
from sslrecipes.datasets.images.decoding import decode_image
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS

#: Loaders in which the pictures are looked for, in this order.
LOADERS = ('val_dataloader', 'test_dataloader', 'train_dataloader')
#: Pictures of which one is chosen.
CANDIDATES = 8


def save_samples(cfg: Config, folder: Path, count: int = 6, seed: int = 0) -> list[Path]:
    """Write pictures of high contrast: of a few drawn from each of ``count`` equal stretches of the data, the best.

    Args:
        cfg: Recipe; pictures are those of its validation data if it has some, as they are before augmentation.
        folder: Where they go, as PNG.
        count: How many.
        seed: Of the draw.

    Returns:
        The files.

    Raises:
        UserError: If the recipe has no pictures, or they can't be read.
    """
    import_components(cfg)
    if count < 1:
        raise ConfigError(f'--count must be at least 1, not {count}.')
    with told(cfg), DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
        given = next((cfg[key].dataset for key in LOADERS if cfg.get(key)), None)
        if given is None:
            raise ConfigError(f'"{cfg.filename}" has no data.')
        dataset = DATASETS.build({**given, 'pipeline': []})
        files = []
        for number, picture in enumerate(_chosen(dataset, count, seed)):
            image, file = Image.fromarray(picture), folder / f'{number}.png'
            files.append(write_atomic(file, lambda path, image=image: image.save(path, format='PNG')))  # type: ignore[misc]
    return files


def _chosen(dataset: Any, count: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    generator = np.random.default_rng(seed)
    for stretch in np.array_split(np.arange(len(dataset)), min(count, len(dataset))):
        drawn = generator.permutation(stretch)[:CANDIDATES]
        yield max((picture_of(dataset.get_data_info(int(index))) for index in drawn), key=lambda one: float(one.std()))


def picture_of(sample: dict[str, Any]) -> NDArray[np.uint8]:
    """The picture of a sample that no pipeline has seen, RGB ``(H, W, 3)``."""
    if 'img' in sample:
        bgr = np.asarray(sample['img'], np.uint8)
        return np.ascontiguousarray(bgr[..., ::-1]) if bgr.ndim == 3 else np.stack([bgr] * 3, axis=-1)
    return decode_image(read_regular(sample['img_path']), channel_order='rgb')
