"""Pictures of a recipe's data as files, for tools that look at pictures: what ``tools/save_samples.py`` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from sslrecipes.config.places import value_at
from sslrecipes.datasets.images.decoding import decode_image
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATASETS

#: Loaders in which the pictures are looked for, in this order.
LOADERS = ('val_dataloader', 'test_dataloader', 'train_dataloader')
#: The bank of a k-NN evaluation, which its recipe calls train_dataloader.
BANK = 'test_cfg.bank'
#: Pictures of which one is chosen.
CANDIDATES = 8


def save_samples(
    cfg: Config, folder: Path, count: int = 6, seed: int = 0, *, data: str | None = None, by_class: bool = False
) -> list[Path]:
    """Write pictures of high contrast: of a few drawn from each of ``count`` equal stretches of the data, the best.

    Args:
        cfg: Recipe.
        folder: Where they go, as PNG.
        count: How many.
        seed: Of the draw.
        data: Whether pictures are those of 'train', 'val' or 'test', as they are before augmentation; by default those
            of the validation data if the recipe has some.
        by_class: Whether each class gets a folder of its own, as data sets of class folders want it.

    Returns:
        The files.

    Raises:
        UserError: If the recipe has no such pictures, no classes, or they can't be read.
    """
    import_components(cfg)
    if count < 1:
        raise ConfigError(f'--count must be at least 1, not {count}.')
    with told(cfg), DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
        places = [*LOADERS, BANK] if data is None else [f'{data}_dataloader', *([BANK] if data == 'train' else [])]
        given = next((loader.dataset for place in places if (loader := value_at(cfg, place))), None)
        if given is None:
            raise ConfigError(f'"{cfg.filename}" has no {data or ""} data.'.replace('  ', ' '))
        dataset = DATASETS.build({**given, 'pipeline': []})
        names = _class_names(dataset, str(cfg.filename)) if by_class else None
        files = []
        for number, sample in enumerate(_chosen(dataset, count, seed)):
            home = folder / names[sample['gt_label']] if names else folder
            image, file = Image.fromarray(picture_of(sample)), home / f'{number}.png'
            files.append(write_atomic(file, lambda path, image=image: image.save(path, format='PNG')))  # type: ignore[misc]
    return files


def _class_names(dataset: Any, source: str) -> Sequence[str]:
    names: Sequence[str] | None = dataset.metainfo.get('classes')
    if not names:
        raise ConfigError(f'The data of "{source}" have no classes: leave --by-class out.')
    return names


def _chosen(dataset: Any, count: int, seed: int) -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng(seed)
    for stretch in np.array_split(np.arange(len(dataset)), min(count, len(dataset))):
        drawn = generator.permutation(stretch)[:CANDIDATES]
        samples = [dataset.get_data_info(int(index)) for index in drawn]
        yield max(samples, key=lambda sample: float(picture_of(sample).std()))


def picture_of(sample: dict[str, Any]) -> NDArray[np.uint8]:
    """The picture of a sample that no pipeline has seen, RGB ``(H, W, 3)``."""
    if 'img' in sample:
        bgr = np.asarray(sample['img'], np.uint8)
        return np.ascontiguousarray(bgr[..., ::-1]) if bgr.ndim == 3 else np.stack([bgr] * 3, axis=-1)
    return decode_image(read_regular(sample['img_path']), channel_order='rgb')
