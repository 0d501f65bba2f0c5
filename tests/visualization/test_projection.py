import sys
import types
from importlib.machinery import ModuleSpec

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.visualization.projection import project


@pytest.fixture
def clusters():
    """Three directions, 20 points each."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    return (10 * np.eye(3, 8)[labels] + rng.normal(size=(60, 8))).astype(np.float32), labels


@pytest.mark.parametrize('method', ['tsne', 'pca'])
def test_classes_stay_together_and_seeds_decide(clusters, method):
    features, labels = clusters
    points = project(features, method, seed=3, perplexity=5)
    assert points.shape == (60, 2)
    assert KNeighborsClassifier(5).fit(points[::2], labels[::2]).score(points[1::2], labels[1::2]) == 1
    assert np.array_equal(points, project(features, method, seed=3, perplexity=5))
    assert np.allclose(points, project(8 * features, method, seed=3, perplexity=5), atol=1e-3 * np.abs(points).max())


def test_pca_is_that_of_normalised_features(clusters):
    features, _ = clusters
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    assert np.allclose(np.abs(project(features, 'pca')), np.abs(PCA(2).fit_transform(unit)), atol=1e-5)


def test_mistakes_are_named(clusters, monkeypatch):
    features, _ = clusters
    with pytest.raises(ConfigError, match='Did you mean "tsne"'):
        project(features, 't-sne')
    with pytest.raises(ConfigError, match='at least 1'):
        project(features, 'tsne', perplexity=0.5)
    with pytest.raises(DataError, match='needs 90 samples, there are 60'):
        project(features, 'tsne')
    with pytest.raises(DataError, match='There are 3 features'):
        project(features[:3], 'pca')
    monkeypatch.setattr('sslrecipes.visualization.projection.find_spec', lambda name: None)
    with pytest.raises(ConfigError, match='umap-learn'):
        project(features, 'umap')


@pytest.mark.parametrize(('samples', 'neighbours'), [(60, 15), (10, 9)])
def test_umap_lays_out_unit_features_with_the_seed(clusters, samples, neighbours, monkeypatch):
    """The package is none of ours, so a stand-in takes its place."""
    asked = {}

    class Reducer:
        def __init__(self, **options):
            asked.update(options)

        def fit_transform(self, features):
            return features[:, :2]

    module = types.ModuleType('umap')
    module.UMAP, module.__spec__ = Reducer, ModuleSpec('umap', None)
    monkeypatch.setitem(sys.modules, 'umap', module)
    features = clusters[0][:samples]
    points = project(features, 'umap', seed=3)
    assert asked == dict(n_neighbors=neighbours, random_state=3)
    assert np.allclose(points, features[:, :2] / np.linalg.norm(features, axis=1, keepdims=True))
