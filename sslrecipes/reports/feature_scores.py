"""k-NN accuracy and effective rank of the features of a run's milestones, and of the untrained network beside them."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from statistics import fmean
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from rich.console import Console
from rich.markup import escape
from torch.optim.swa_utils import update_bn

import sslrecipes.datasets
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.checkpoint.loading import load_pretrained
from sslrecipes.config.picture_size import picture_size
from sslrecipes.config.places import walk
from sslrecipes.datasets.class_names import build_dataset
from sslrecipes.datasets.seeding import SeededDataset, kept_random_states
from sslrecipes.errors import DataError, UserError
from sslrecipes.evaluation.collapse import effective_rank, embedding_std
from sslrecipes.evaluation.features import extract_features
from sslrecipes.evaluation.self_knn import self_knn
from sslrecipes.models.methods.feature_model import FeatureModel
from sslrecipes.reports.comparison import Hits
from sslrecipes.reports.scores import KS, Network, Score

#: Rows of features of which the rank is taken.
ROWS = 1024
#: Batches that batch norms of an untrained network are given.
BATCHES = 8
console = Console(stderr=True)


class Evaluation:
    """Scores the features of networks of one recipe on the same images.

    Args:
        config: Resolved config of the run.
        limit: At most this many images, at equal distances.

    Raises:
        UserError: If there are no labelled images, or the model has no backbone to take features from.
    """

    def __init__(self, config: Mapping[str, Any], limit: int) -> None:
        self.config = copy.deepcopy(dict(config))
        init_default_scope('sslrecipes')
        self.images, loader = images_of(self.config)
        dataset = build_dataset(loader['dataset'])
        dataset.full_init()
        labels = _labels(dataset)
        chosen = np.unique(np.linspace(0, len(labels) - 1, min(limit, len(labels))).round().astype(int))
        if len(chosen) < 3 or len({labels[index] for index in chosen}) < 2:
            raise DataError(f'{self.images} have no two classes')
        dataset.get_subset_(chosen.tolist())
        self.loader = Runner.build_dataloader({**loader, 'dataset': SeededDataset(dataset, seed=0)})
        self.count = len(chosen)
        self.model = self._build()

    def score(self, network: Network) -> Score:
        """Score a network.

        Raises:
            UserError: If its weights can't be read or don't fit.
        """
        if network.file is None:
            self.model = self._build().to(get_device())
            self._measure_statistics()
        else:
            load_pretrained(self.model.backbone, network.file, prefix='backbone.')
        features = extract_features(self.model.to(get_device()), self.loader)
        hits = {}
        for k in [k for k in KS if k < self.count]:
            right = self_knn(features.x, features.y, k=k)[:, 0] == features.y
            hits[k] = Hits(int(''.join('01'[int(one)] for one in right), 2), self.count)
        rows = features.x[torch.linspace(0, self.count - 1, min(ROWS, self.count)).round().long()]
        largest = min(rows.shape)
        return Score(network.name, network.digest, hits, effective_rank(rows), largest, embedding_std(rows))

    def score_all(self, networks: Sequence[Network]) -> Iterator[Score]:
        """Score networks one by one, and tell how long the rest may take; one that can't be read is left out."""
        seconds: list[float] = []
        for done, network in enumerate(networks):
            left = timedelta(seconds=round(fmean(seconds) * (len(networks) - done))) if seconds else 'unknown time'
            _say(f'k-NN of {self.images}: {done + 1} of {len(networks)}, {network.name}, {left} left')
            start = time.monotonic()
            try:
                score = self.score(network)
            except UserError as error:
                _say(f'left out {network.name}: {error}')
                continue
            seconds.append(time.monotonic() - start)
            yield score

    def _measure_statistics(self) -> None:
        """Give batch norms the statistics of the images, as one step of training does.

        Those of the initialisation, mean 0 and variance 1, make features of an untrained network worse than they are:
        a few steps without any learning would be taken for success.
        """
        with kept_random_states():
            torch.manual_seed(0)
            prepared = (self.model.data_preprocessor(batch, False)['inputs'] for batch in self.loader)
            update_bn(islice(prepared, BATCHES), self.model)

    def _build(self) -> FeatureModel:
        """Build the network as its recipe initialises it, without weights of files."""
        model = self.config['model']
        backbone = copy.deepcopy(model['backbone'])
        for _, part in list(walk(backbone)):
            if isinstance(part, dict) and _reads_file(part.get('init_cfg')):
                del part['init_cfg']
        normalisation = model.get('data_preprocessor') or self.config.get('data_preprocessor')
        pooled = backbone.get('out_type') in ('cls_token', 'avg_featmap')
        with kept_random_states():
            torch.manual_seed((self.config.get('randomness') or {}).get('seed') or 0)
            network = FeatureModel(
                Config(backbone), pool='auto' if pooled else 'avg', data_preprocessor=_plain(normalisation)
            )
            network.init_weights()
        return network


def images_of(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Choose the images to evaluate on: those of the validation, else those of the training, whole and undistorted.

    Returns:
        What they are called, and their loader.

    Raises:
        UserError: If the run names none.
    """
    usual = dict(sampler=dict(type='DefaultSampler', shuffle=False), collate_fn=dict(type='default_collate'))
    for phase in ('val', 'test'):
        if loader := config.get(f'{phase}_dataloader'):
            kept = {name: loader[name] for name in ('batch_size', 'num_workers', 'dataset') if name in loader}
            return 'validation images' if phase == 'val' else 'test images', {'num_workers': 0, **kept, **usual}
    loader = config.get('train_dataloader')
    size = picture_size(loader)
    if not loader or not size or 'pipeline' not in loader['dataset']:
        raise DataError('the config names no images to evaluate on')
    loading = [step for step in loader['dataset']['pipeline'] if str(step['type']).startswith('Load')]
    whole = [
        dict(type='ResizeEdge', scale=size, edge='short', backend='pillow', interpolation='bicubic'),
        dict(type='CenterCrop', crop_size=size),
        dict(type='PackInputs'),
    ]
    dataset = {**loader['dataset'], 'pipeline': [*loading, *whole], 'test_mode': True}
    return 'training images', dict(batch_size=256, num_workers=loader.get('num_workers', 0), dataset=dataset, **usual)


def _labels(dataset: Any) -> list[int]:
    try:
        return [int(label) for label in dataset.get_gt_labels()]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DataError(f'the images of {type(dataset).__name__} have no single class each') from None


def _reads_file(init: Any) -> bool:
    return isinstance(init, Mapping) and 'checkpoint' in init


def _plain(normalisation: Any) -> Any:
    return copy.deepcopy(dict(normalisation)) if normalisation else None


def _say(line: str) -> None:
    console.print(escape(line), highlight=False, soft_wrap=True)
