"""Two dimensions out of many."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslrecipes.errors import ConfigError, DataError, did_you_mean

Points = NDArray[np.float32]


def project(features: Points, method: str, seed: int = 0, perplexity: float = 30.0) -> Points:
    """Lay out L2-normalised features in the plane; the same result for the same seed.

    Args:
        features: ``(N, C)``.
        method: ``'tsne'`` (initialised by PCA), ``'pca'`` or ``'umap'`` (needs the package umap-learn).
        seed: Seed of t-SNE and UMAP.
        perplexity: Roughly the number of neighbours that t-SNE keeps together.

    Returns:
        ``(N, 2)``.

    Raises:
        ConfigError: For another method, a perplexity below 1, or UMAP without its package.
        DataError: If there are too few samples.
    """
    check_method(method)
    if len(features) < 4 or features.shape[1] < 2:
        raise DataError(
            f'There are {len(features)} features of width {features.shape[1]}: a picture needs 4 of width 2.'
        )
    unit = features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    plane: Points = METHODS[method](unit, seed, perplexity)
    return plane


def check_method(method: str) -> None:
    """Check that a method of :func:`project` is there, before features are extracted for it.

    Raises:
        ConfigError: There is no such method, or its package isn't installed.
    """
    if method not in METHODS:
        raise ConfigError(
            f'method is one of {", ".join(METHODS)}, not "{method}".{did_you_mean(method, list(METHODS))}'
        )
    if method == 'umap' and find_spec('umap') is None:
        raise ConfigError('UMAP needs the package umap-learn: run `pip install umap-learn`, or choose tsne or pca.')


def _tsne(features: Points, seed: int, perplexity: float) -> Any:
    if perplexity < 1:
        raise ConfigError(f'The perplexity is at least 1, not {perplexity:g}.')
    if len(features) < 3 * perplexity:
        raise DataError(
            f't-SNE with perplexity {perplexity:g} needs {3 * perplexity:g} samples, there are {len(features)}: use '
            'more samples or a lower perplexity.'
        )
    from sklearn.manifold import TSNE  # takes over a second to import

    return TSNE(init='pca', learning_rate='auto', perplexity=perplexity, random_state=seed).fit_transform(features)


def _pca(features: Points, seed: int, perplexity: float) -> Any:
    from sklearn.decomposition import PCA

    return PCA(2, svd_solver='full').fit_transform(features)


def _umap(features: Points, seed: int, perplexity: float) -> Any:
    umap = importlib.import_module('umap')
    return umap.UMAP(n_neighbors=min(15, len(features) - 1), random_state=seed).fit_transform(features)


METHODS: dict[str, Callable[[Points, int, float], Any]] = {'tsne': _tsne, 'pca': _pca, 'umap': _umap}
