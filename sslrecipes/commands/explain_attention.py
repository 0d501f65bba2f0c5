"""Pictures of where a ViT looks in given image files: a folder for each image, a grid of all, and a page."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

import sslrecipes.datasets  # noqa: F401  registers
from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.checkpoint.loading import load_state
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import facts_of
from sslrecipes.checkpoint.used_alike import check_used_alike
from sslrecipes.commands.networks import build_network, origin_facts
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import load_config
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.registry import DATASETS
from sslrecipes.visualization.attention_maps import require_classifier, vit_features
from sslrecipes.visualization.explanation import Explanation, explain, rollout_facts
from sslrecipes.visualization.grid import picture_grid
from sslrecipes.visualization.html_page import Figure, write_page
from sslrecipes.visualization.image_files import find_images, load_squares
from sslrecipes.visualization.rollout import RolloutOptions

PAGE, GRID = 'index.html', 'rollout.png'


def explain_attention(
    config: str | Path,
    checkpoint: str | Path,
    images: Sequence[str | Path],
    out: str | Path,
    options: RolloutOptions | None = None,
    category: str | int | None = None,
    size: int | None = None,
    limit: int = 8,
    cfg_options: dict[str, Any] | None = None,
) -> Path:
    """Lay the attention rollout of a ViT over images and write the pictures.

    Images are normalised by the config's data preprocessor, as in training (MAE-priv's own tool takes 0.5 for all means
    and deviations).

    Args:
        config: Config of any model with a ViT as its backbone.
        checkpoint: Weights of ours or an official file. Without ``category`` only the backbone is filled from it,
            whose final norms no map depends on.
        images: Image files of any size, or folders of them; all but the central square is cut off.
        out: Folder for the page, the grid ``rollout.png`` and a folder of pictures for each image.
        options: How the rollout is done.
        category: Index or name of a class of the classifier, for gradient rollout beside the plain one.
        size: Side in pixels to which images are resized, a multiple of the patch; the config's ``img_size`` by default.
        limit: At most this many images.
        cfg_options: Overrides of the config: dotted keys and values.

    Returns:
        The page.

    Raises:
        UserError: If a path, the config, the checkpoint or an option doesn't serve; the message says which.
    """
    if size is not None and size < 1:
        raise ConfigError(f'size must be at least 1 pixel, not {size}.')
    files, out = find_images(images, limit), Path(out)
    cfg = load_config(config, cfg_options)
    inputs = [checkpoint, *files, *config_inputs(cfg)]
    refuse_overwriting(inputs, out, out / PAGE, out / GRID)
    kinds, facts = _explained(cfg, checkpoint, files, options or RolloutOptions(), category, size)
    folders = _folders(files, out)
    refuse_overwriting(inputs, *(folder / kind.file_name for folder in folders for kind in kinds))
    _write_pictures(kinds, folders)
    _write_grid(out / GRID, kinds, Path(checkpoint).name, facts)
    facts = origin_facts(config, checkpoint) | facts
    return write_page(out / PAGE, 'Where the network looks', facts, _figures(kinds, files))


def _explained(
    cfg: Config,
    checkpoint: str | Path,
    files: Sequence[Path],
    options: RolloutOptions,
    category: str | int | None,
    size: int | None,
) -> tuple[Sequence[Explanation], dict[str, str]]:
    """Explain the images; returns also what the explanations depend on."""
    model, classes = load_network(cfg, checkpoint, classifier=category is not None)
    index = None if category is None else category_index(str(category), classes)
    backbone: Any = vit_features(model).backbone
    pictures = load_squares(files, size or backbone.img_size[0])
    kinds = explain(model, pictures, options, index)
    size_fact = {'image size': f'{pictures.shape[-1]} px'}
    return kinds, {**size_fact, **rollout_facts(model, options), **_class_facts(index, classes)}


def _class_facts(index: int | None, classes: Sequence[str]) -> dict[str, str]:
    """Say for which class gradients were taken; nothing without one."""
    if index is None:
        return {}
    name = f' ({classes[index]})' if index < len(classes) else ''
    return {'gradient rollout': f'of class {index}{name}, mean of the heads'}


def load_network(cfg: Config, checkpoint: str | Path, classifier: bool) -> tuple[nn.Module, Sequence[str]]:
    """Build the model of a config on the CPU and fill it.

    Args:
        cfg: Config of any model with a ViT as its backbone.
        checkpoint: Weights of ours or an official file.
        classifier: Whether the whole model is needed; otherwise its backbone, but for the final norms.

    Returns:
        The model, and the names of the classes as far as checkpoint or config tell them.

    Raises:
        ConfigError: If the model of the config doesn't serve.
        CheckpointError: If the file can't be read, or doesn't fill the network.
    """
    model: nn.Module = build_network(cfg)
    backbone = vit_features(model).backbone
    if classifier:
        require_classifier(model)
    held = read_checkpoint(checkpoint)
    state, source = our_weights(held, str(checkpoint)), str(checkpoint)
    check_used_alike(model, facts_of(meta_of(held)), source)
    if classifier:
        load_state(model, state, source=source)
    else:
        prefix = 'backbone.' if any(name.startswith('backbone.') for name in state) else ''
        load_state(backbone, state, source=source, prefix=prefix, ignore=('ln1.', 'ln2.'))
    return model, _class_names(cfg, held.get('meta'))


def category_index(category: str, names: Sequence[str]) -> int:
    """Find a class by its index, its name, or one of the synonyms that are its name (``tench, Tinca tinca``).

    Raises:
        ConfigError: If no class has that name, or several have.
    """
    if category.removeprefix('-').isdecimal():
        return int(category)
    if not names:
        raise ConfigError(f'Neither checkpoint nor config names the classes: give the index of "{category}".')
    found = [index for index, name in enumerate(names) if category in (name, *name.split(', '))]
    if not found:
        hint = did_you_mean(category, [synonym for name in names for synonym in name.split(', ')])
        raise ConfigError(f'None of the {len(names)} classes is called "{category}".{hint}')
    if len(found) > 1:
        raise ConfigError(f'The classes {" and ".join(map(str, found))} are called "{category}": give an index.')
    return found[0]


def _class_names(cfg: Config, meta: Any) -> Sequence[str]:
    """Names of the classes that a checkpoint was trained on or, if it doesn't tell, of the config's data."""
    candidates = [meta.get('dataset_meta') if isinstance(meta, Mapping) else None]
    loaders = filter(None, map(cfg.get, ('val_dataloader', 'test_dataloader', 'train_dataloader')))
    for dataset in (loader.dataset for loader in loaders):
        candidates += [dataset.get('metainfo'), getattr(DATASETS.get(dataset.type), 'METAINFO', None)]
    named = (held['classes'] for held in candidates if isinstance(held, Mapping) and held.get('classes'))
    return next((list(names) for names in named if not isinstance(names, str)), [])


def _folders(files: Sequence[Path], out: Path) -> list[Path]:
    """A folder for each image, called as it is; with the first free number if another is called so too."""
    names: list[str] = []
    for file in files:
        numbered = (f'{file.stem}_{number}' for number in itertools.count(1))
        names.append(next(name for name in itertools.chain([file.stem], numbered) if name not in names))
    return [out / name for name in names]


def _write_pictures(kinds: Sequence[Explanation], folders: Sequence[Path]) -> None:
    for row, folder in enumerate(folders):
        for kind in kinds:
            _write(folder / kind.file_name, _array(kind.pictures[row]))


def _write_grid(path: Path, kinds: Sequence[Explanation], title: str, facts: Mapping[str, str]) -> None:
    caption = '; '.join(f'{name}: {value}' for name, value in facts.items())
    _write(path, picture_grid({kind.name: kind.pictures for kind in kinds}, title, caption, min_tile=224))


def _figures(kinds: Sequence[Explanation], files: Sequence[Path]) -> list[Figure]:
    return [
        Figure(_array(kind.pictures[row]), kind.name, heading=file.name if kind is kinds[0] else '')
        for row, file in enumerate(files)
        for kind in kinds
    ]


def _array(picture: Tensor) -> NDArray[np.uint8]:
    """From ``(3, H, W)`` to ``(H, W, 3)``."""
    array: NDArray[np.uint8] = picture.permute(1, 2, 0).numpy()
    return array


def _write(path: Path, picture: NDArray[np.uint8]) -> None:
    write_atomic(path, lambda file: Image.fromarray(picture).save(file, format='PNG'))
