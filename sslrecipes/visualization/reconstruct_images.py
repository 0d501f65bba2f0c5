"""Reconstruction pictures of given image files by a pre-trained checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.registry import init_default_scope
from PIL import Image, ImageOps

from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.checkpoint.reading import read_checkpoint
from sslrecipes.errors import ConfigError, DataError
from sslrecipes.registry import MODELS
from sslrecipes.visualization.reconstruction import PatchColours, draw_reconstruction, require_pixels
from sslrecipes.zoo.config import load_config

_SUFFIXES = {'.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'}


def find_images(paths: Sequence[str | Path], limit: int) -> list[Path]:
    """Return the first ``limit`` image files among ``paths``; a folder stands for its image files in sorted order.

    Raises:
        DataError: If a path does not exist or there is no image at all.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise DataError(f'no such image or folder: "{path}"')
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [file for file in inside if not path.is_dir() or file.suffix.lower() in _SUFFIXES]
    if not files:
        raise DataError(f'no image file in {", ".join(map(str, paths))}: known endings are {sorted(_SUFFIXES)}')
    return files[:limit]


def load_images(files: Sequence[Path], size: int) -> torch.Tensor:
    """Read images, resize the shorter side to ``size`` (bicubic) and cut out the centre.

    Returns:
        uint8 BGR ``(B, 3, size, size)``, as the data pipelines deliver them.

    Raises:
        DataError: If a file is not a readable image.
    """
    arrays = []
    for file in files:
        try:
            with Image.open(file) as opened:
                upright = ImageOps.exif_transpose(opened).convert('RGB')
        except OSError as error:
            raise DataError(f'cannot read "{file}" as an image: {error}') from error
        arrays.append(np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BICUBIC)))
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).flip(1).contiguous()


def load_mae(config: str | Path, checkpoint: str | Path) -> Any:
    """Build the model of ``config`` on the CPU and fill it from ``checkpoint``.

    Raises:
        ConfigError: If the config cannot be read or its model predicts no pixels.
        CheckpointError: If the file is damaged, unsafe or does not fill the model.
    """
    cfg = load_config(config)
    init_default_scope('sslrecipes')
    if 'data_preprocessor' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    model = MODELS.build(cfg.model)
    require_pixels(model)
    load_weights(model, read_checkpoint(str(checkpoint))['state_dict'], source=str(checkpoint))
    return model


def visualize_reconstruction(
    config: str | Path,
    checkpoint: str | Path,
    images: Sequence[str | Path],
    out: str | Path,
    seed: int = 0,
    patch_colours: PatchColours = 'original',
    limit: int = 8,
) -> Path:
    """Mask images at random, let a pre-trained MAE reconstruct them and write the picture.

    Args:
        config: Config of a MAE pre-training.
        checkpoint: Its checkpoint.
        images: Image files of any size, or folders of them.
        out: The picture to write; its directory is made.
        seed: Seed of the masks.
        patch_colours: See :func:`sslrecipes.visualization.reconstruction.restore_patches`.
        limit: At most this many images.

    Returns:
        ``out``.

    Raises:
        UserError: If a path, the config, the checkpoint or an option does not serve; the message says which.
    """
    out = Path(out)
    if out.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f'cannot write a picture to "{out}": its name must end in one of {sorted(_SUFFIXES)}')
    files = find_images(images, limit)
    model = load_mae(config, checkpoint)
    pictures = load_images(files, model.backbone.img_size[0])
    grid = draw_reconstruction(model, pictures, seed, patch_colours, title=Path(checkpoint).name)
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid).save(out)
    return out
