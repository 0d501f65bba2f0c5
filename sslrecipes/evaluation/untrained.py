"""The network of a config before any training: what an accuracy of frozen features is worth nothing without."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader

from sslrecipes.config.places import walk
from sslrecipes.datasets.seeding import kept_random_states
from sslrecipes.models.methods.feature_model import as_feature_model
from sslrecipes.models.utils.initialization import loads_pretrained
from sslrecipes.registry import MODELS

#: Images whose statistics batch norms get.
IMAGES = 1024


def untrained_network(cfg: Mapping[str, Any], seed: int) -> nn.Module:
    """Build and initialise the model of a config, without the weights that an ``init_cfg`` of it would load.

    It is the network that a runner with this seed begins with; the generators are left as they were.

    Args:
        cfg: A resolved config with ``model``, and ``data_preprocessor`` if the model has none of its own.
        seed: Of the initial weights: the same on every process.
    """
    model = without_weights(cfg['model'])
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg['data_preprocessor'])
    with kept_random_states():
        random.seed(seed)
        np.random.seed(seed)
        torch.default_generator.manual_seed(seed)
        network: nn.Module = MODELS.build(model)
        network.init_weights()  # type: ignore[operator]
    return network


def measure_statistics(network: nn.Module, loader: DataLoader[Any]) -> None:
    """Give the batch norms of an untrained network the statistics of some images, as a step of training does.

    Those of the initialisation, mean 0 and variance 1, make its features worse than they are: a few steps without any
    learning would be taken for success. Every process measures the same images.

    Args:
        network: With ``data_preprocessor``; a network without batch norms stays as it is.
        loader: Its data set is looked at, :data:`IMAGES` at equal distances, in batches of its size.
    """
    device = next(network.parameters()).device
    with kept_random_states():
        torch.manual_seed(0)
        update_bn(_prepared(network, loader), as_feature_model(network), device)


def _prepared(network: Any, loader: DataLoader[Any]) -> Iterator[Tensor]:
    dataset: Any = loader.dataset
    indices = np.unique(np.linspace(0, len(dataset) - 1, IMAGES, dtype=int))
    for some in np.array_split(indices, -(-len(indices) // (loader.batch_size or IMAGES))):
        batch = loader.collate_fn([dataset[int(index)] for index in some])
        inputs = batch['inputs']
        stacked = inputs if isinstance(inputs, Tensor) else torch.stack(list(inputs))
        yield network.data_preprocessor({**batch, 'inputs': stacked}, False)['inputs']


def without_weights(model: Any) -> Any:
    """Return a copy of a model's config in which no ``init_cfg`` loads weights; the others stay."""
    if isinstance(model, Mapping):
        return {key: without_weights(value) for key, value in model.items() if not _loads(key, value)}
    return type(model)(map(without_weights, model)) if isinstance(model, (list, tuple)) else model


def own_initialisation(part: Mapping[str, Any]) -> Any:
    """The ``init_cfg`` that a part of a model has where its config names none, as an override says it.

    A pre-training that starts at random starts from it, be it Kaiming's or torch's.

    Args:
        part: Config of the part.
    """
    kind = MODELS.get(part['type'])
    option = inspect.signature(kind).parameters.get('init_cfg') if kind else None
    return 'None' if option is None or option.default in (None, option.empty) else option.default


def loads_weights(model: Any) -> bool:
    """Tell whether an ``init_cfg`` of a model's config loads weights."""
    return any(_loads(place.rpartition('.')[2], node) for place, node in walk(model, 'model'))


def _loads(key: Any, value: Any) -> bool:
    return key == 'init_cfg' and isinstance(value, (Mapping, list, tuple)) and loads_pretrained(value)
