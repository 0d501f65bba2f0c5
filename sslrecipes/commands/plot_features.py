"""Pictures of the features of a validation set: a panel for each checkpoint, a colour for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from numpy.typing import NDArray

import sslrecipes.datasets
import sslrecipes.evaluation
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.checkpoint.used_alike import check_parts_used_alike
from sslrecipes.commands.networks import build_network
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import load_config
from sslrecipes.datasets.seeding import SeededDataset
from sslrecipes.errors import ConfigError, DataError, counted
from sslrecipes.evaluation.features import Features, extract_features
from sslrecipes.models.methods.feature_model import FeatureModel, Pool, as_feature_model
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.registry import DATASETS
from sslrecipes.visualization.figure_files import save_figure
from sslrecipes.visualization.image_files import files_of
from sslrecipes.visualization.labels import plain_label
from sslrecipes.visualization.projection import Points, check_method, project

MAX_COLUMNS = 4
FIGURE_SUFFIXES = ('.pdf', '.png', '.svg')


def plot_features(
    config: str | Path,
    checkpoints: Sequence[str | Path],
    out: str | Path,
    method: str = 'tsne',
    *,
    limit: int = 2000,
    classes: int = 20,
    perplexity: float = 30.0,
    pool: Pool = 'auto',
    prefix: str = 'backbone.',
    seed: int = 0,
    cache_dir: str | Path | None = None,
    cfg_options: dict[str, Any] | None = None,
) -> Path:
    """Lay out the features of validation images in the plane, once for each checkpoint.

    Args:
        config: Config with a backbone and labelled validation (or test) images.
        checkpoints: Weights of that backbone, those of several epochs for instance; a panel each, in this order.
        out: The PNG, PDF or SVG to write; its directory is made.
        method: See :func:`sslrecipes.visualization.projection.project`.
        limit: At most this many images, taken at equal distances.
        classes: At most this many classes, the first ones.
        perplexity: Of t-SNE.
        pool: Pooling for a model that is no ``FeatureModel``.
        prefix: Where the backbone is in the checkpoints: ``'teacher.backbone.'`` for a teacher's.
        seed: Seed of t-SNE and UMAP.
        cache_dir: Folder of cached features; None caches nothing.
        cfg_options: Overrides of the config: dotted keys and values.

    Returns:
        ``out``.

    Raises:
        ConfigError: If the config has no such images, the model no backbone, or an option can't be meant.
        CheckpointError: If a checkpoint can't be read or doesn't fill the backbone.
        DataError: If images have no labels, or are too few.
    """
    out = Path(out)
    if out.suffix.lower() not in FIGURE_SUFFIXES:
        raise ConfigError(
            f'cannot write a picture to "{out}": its name must end in one of {", ".join(FIGURE_SUFFIXES)}'
        )
    check_method(method)
    cfg = load_config(config, cfg_options)
    refuse_overwriting([*checkpoints, *config_inputs(cfg)], out)
    init_default_scope('sslrecipes')
    loader = _validation_loader(cfg, limit, classes)
    refuse_overwriting(files_of(loader.dataset), out)
    model = _feature_model(cfg, pool)
    panels: dict[str, Points] = {}
    for checkpoint in checkpoints:
        load_pretrained(model.backbone, checkpoint, prefix=prefix)
        check_parts_used_alike(model)
        features: Features = extract_features(model, loader, cache_dir=cache_dir)
        panels[_title(checkpoint, panels)] = project(features.x.numpy(), method, seed, perplexity)
    names = loader.dataset.metainfo.get('classes')
    return draw_panels(panels, features.y.numpy(), names, out)


def draw_panels(
    panels: dict[str, Points], labels: NDArray[np.int64], names: Sequence[str] | None, out: str | Path
) -> Path:
    """Draw points of several panels, with one legend.

    Args:
        panels: Title and points ``(N, 2)`` of each panel.
        labels: Classes ``(N,)`` of the points, the same in all panels.
        names: Names of the classes; numbers stand for them if there are none.
        out: The picture to write.

    Returns:
        ``out``.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure  # imported here because it is slow to load

    columns = min(len(panels), MAX_COLUMNS)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.2 * columns + 1.8, 4.4 * rows), dpi=110, layout='constrained')
    present = np.unique(labels)
    colours = colormaps['tab10' if len(present) <= 10 else 'tab20' if len(present) <= 20 else 'gist_ncar']
    for position, (title, points) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, columns, position, title=plain_label(title), xticks=[], yticks=[])
        for rank, label in enumerate(present):
            colour = colours(rank if len(present) <= 20 else rank / len(present))
            name = plain_label(str(names[label] if names else label))
            x, y = points[labels == label].T
            axes.scatter(x, y, s=8, color=colour, label=name, linewidths=0)
    figure.legend(*axes.get_legend_handles_labels(), loc='outside right center', markerscale=2, fontsize='small')
    return save_figure(figure, out)


def _validation_loader(cfg: Config, limit: int, classes: int) -> Any:
    """Loader of the chosen images."""
    loader = cfg.get('val_dataloader') or cfg.get('test_dataloader')
    if not loader:
        raise ConfigError(f'"{cfg.filename}" has no val_dataloader or test_dataloader: give a config that evaluates.')
    dataset = DATASETS.build(loader.dataset)
    if not hasattr(dataset, 'get_gt_labels'):
        raise ConfigError(f'{type(dataset).__name__} does not tell the classes of its images: use a plain data set.')
    try:
        labels = dataset.get_gt_labels()
    except KeyError:
        raise DataError(f'The images of {type(dataset).__name__} have no labels to colour them by.') from None
    shown = np.flatnonzero(np.isin(labels, np.unique(labels)[:classes]))
    chosen = shown[np.linspace(0, len(shown) - 1, min(limit, len(shown))).round().astype(int)]
    if len(chosen) < len(labels):
        present, every = (len(np.unique(some)) for some in (np.asarray(labels)[chosen], labels))
        some = f'{counted(len(chosen), "image")} of {len(labels)} and {counted(present, "class")} of {every}'
        print_log(f'{some} are drawn: the limits are {limit} and {classes}', 'current')
    dataset.get_subset_(chosen.tolist())
    return Runner.build_dataloader({**loader.to_dict(), 'dataset': SeededDataset(dataset, seed=0)})


def _feature_model(cfg: Config, pool: Pool) -> FeatureModel:
    """Build the model of a config, not initialised, on the device there is."""
    return as_feature_model(build_network(cfg), pool).to(get_device())


def _title(checkpoint: str | Path, taken: dict[str, Any]) -> str:
    """Name of the file, with its folder's if another panel has the same."""
    path = Path(checkpoint)
    return f'{path.parent.name}/{path.stem}' if path.stem in taken else path.stem
