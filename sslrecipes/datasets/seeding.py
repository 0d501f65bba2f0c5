"""Randomness of a sample that depends on (seed, epoch, index) alone.

A view is then the same whatever the number of workers, the split over ranks or the point a run was resumed from.
(MMEngine seeds each worker once per start: with ``persistent_workers=False`` every epoch repeats the same views.)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.dataset import InfiniteSampler
from mmpretrain.datasets import RepeatAugSampler
from torch.utils.data import DataLoader, Dataset, Sampler

from sslrecipes.datasets.images.bad_samples import SampleReader
from sslrecipes.datasets.workers import Trail
from sslrecipes.errors import ConfigError
from sslrecipes.registry import DATA_SAMPLERS


class Draw(int):
    """An index that knows its epoch: an ``int`` everywhere else, e.g. for samplers that look into the data set.

    Args:
        epoch: How often the whole data set was passed before.
        index: Index of the sample.
    """

    epoch: int

    def __new__(cls, epoch: int, index: int) -> Draw:
        """Make the index and attach the epoch."""
        draw = super().__new__(cls, index)
        draw.epoch = epoch
        return draw

    @property
    def index(self) -> int:
        """The index as a plain ``int``."""
        return int(self)

    def __reduce__(self) -> tuple[type[Draw], tuple[int, int]]:
        return Draw, (self.epoch, self.index)

    def __repr__(self) -> str:
        return f'Draw(epoch={self.epoch}, index={self.index})'


class EpochIndexSampler(Sampler[Draw]):
    """Yield the indices of ``sampler`` as :class:`Draw`; everything else is the wrapped sampler's.

    An epoch can begin in its midst (:meth:`skip`), where a resumed run goes on.
    Samplers that yield an index several times per epoch get one epoch number per repeat, the same on every rank:
    ``RepeatAugSampler`` counts ``epoch * num_repeats + repeat``, the endless ``InfiniteSampler`` its passes.

    Args:
        sampler: An index sampler such as MMEngine's ``DefaultSampler``.
    """

    def __init__(self, sampler: Any) -> None:
        self.sampler = sampler
        self.epoch = getattr(sampler, 'epoch', 0)
        self.start = 0

    def __iter__(self) -> Iterator[Draw]:
        start, self.start = self.start, 0
        for position, index in islice(enumerate(self.sampler), start, None):
            yield Draw(self._pass_number(position), index)

    def __len__(self) -> int:
        return len(self.sampler)

    def __getattr__(self, name: str) -> Any:
        return _forwarded(self, 'sampler', name)

    def __deepcopy__(self, memo: dict[int, Any]) -> EpochIndexSampler:
        return self  # MMEngine's build_dataloader copies its config; the generator of an endless stream can't be

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the next iteration's draws carry, and the wrapped sampler's order."""
        self.epoch = epoch
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(epoch)

    def skip(self, num_samples: int) -> None:
        """Begin the next iteration, and only that, after the first ``num_samples`` indices of this rank."""
        self.start = num_samples

    def _pass_number(self, position: int) -> int:
        """Number of the pass over the data that ``position`` in this rank's stream belongs to."""
        sampler = self.sampler
        if isinstance(sampler, InfiniteSampler):
            return int((position * sampler.world_size + sampler.rank) // sampler.size)
        if isinstance(sampler, RepeatAugSampler):
            repeat = (position * sampler.world_size + sampler.rank) % sampler.num_repeats
            return int(self.epoch * sampler.num_repeats + repeat)
        return int(self.epoch)


class StreamIndexSampler(EpochIndexSampler):
    """:class:`EpochIndexSampler` for ``InfiniteSampler``, which can be moved ahead when a run is resumed."""

    def __iter__(self) -> Iterator[Draw]:
        for position, index in enumerate(self.sampler, self.start):
            yield Draw(self._pass_number(position), index)

    def skip(self, num_samples: int) -> None:
        """Continue as if ``num_samples`` indices of this rank had been drawn since the start of the stream."""
        self.sampler.skip(num_samples)
        self.start = num_samples


@DATA_SAMPLERS.register_module()
class RestartableBatches(Sampler[list[Draw]]):
    """Yield the batches of another batch sampler, the first of them left out where a resumed run goes on.

    Args:
        sampler: Sampler of a rank's indices, whose order follows from (seed, epoch).
        batch_size: Images per batch.
        batches: Config of a batch sampler that has no memory from epoch to epoch, such as mmdet's
            ``AspectRatioBatchSampler``.

    Raises:
        ConfigError: For batches of which the last ones are dropped: their number wouldn't be known before.
    """

    def __init__(self, sampler: EpochIndexSampler, batch_size: int, batches: dict[str, Any]) -> None:
        if batches.get('drop_last'):
            raise ConfigError('A batch_sampler with drop_last gives an unknown number of batches: leave drop_last out.')
        self.sampler = sampler
        self.batch_size = batch_size
        self.batches = DATA_SAMPLERS.build(batches, default_args=dict(sampler=sampler, batch_size=batch_size))
        self.start = 0

    def __iter__(self) -> Iterator[list[Draw]]:
        start, self.start = self.start, 0
        yield from islice(self.batches, start, None)

    def __len__(self) -> int:
        return len(self.batches)

    def skip(self, num_batches: int) -> None:
        """Begin the next iteration, and only that, after the first ``num_batches`` batches of this rank."""
        self.start = num_batches


class SeededDataset(Dataset[Any]):
    """Seed ``random``, ``numpy.random`` and torch's CPU generator before each sample of ``dataset`` is made.

    Their states are put back afterwards, so that in a run without workers the model's randomness isn't disturbed.
    Everything else (``metainfo``, ``pipeline``, ...) is read from, and assigned to, ``dataset``. Data workers leave a
    ``trail`` of what they read. The ``reader`` decides what becomes of bad files: they end an evaluation, as is the
    default, and are replaced in training.

    Args:
        dataset: Any map-style data set.
        seed: Seed of the run, the same on every rank.
    """

    _OWN = ('dataset', 'seed', 'trail', 'reader')

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed
        self.trail = Trail()
        self.reader = SampleReader()

    def __getitem__(self, draw: int) -> Any:
        """Return sample ``draw``; a plain ``int`` counts as epoch 0."""
        return self.__getitems__([draw])[0]

    def __getitems__(self, draws: Sequence[int]) -> list[Any]:
        """Return the samples of a batch; PyTorch calls this, so the states are kept once per batch, not per sample."""
        samples = []
        note = self.trail.sign()
        with kept_random_states():
            for draw in draws:
                note[0] = draw
                seed_sample(self.seed, getattr(draw, 'epoch', 0), int(draw))
                samples.append(self.reader.read(self.dataset, int(draw)))
        return samples

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        return _forwarded(self, 'dataset', name)

    def __deepcopy__(self, memo: dict[int, Any]) -> SeededDataset:
        return self  # as in EpochIndexSampler; the list of a million files is held once

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self.dataset, name, value)


def seed_sample(seed: int, epoch: int, index: int) -> None:
    """Seed the three CPU generators from a hash of the arguments, each with bits of its own.

    ``random`` and ``numpy.random`` are the same generator inside: equal seeds would give them equal numbers.
    """
    digest = blake2b(f'{seed} {epoch} {index}'.encode(), digest_size=40).digest()
    random.seed(int.from_bytes(digest[:16], 'little'))
    np.random.seed(np.frombuffer(digest[16:32], dtype=np.uint32))
    torch.default_generator.manual_seed(int.from_bytes(digest[32:], 'little'))


@contextmanager
def kept_random_states() -> Iterator[None]:
    """Put the states of ``random``, ``numpy.random`` and torch's CPU generator back at the end of the block."""
    states = random.getstate(), np.random.get_state(), torch.default_generator.get_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.default_generator.set_state(states[2])


def seeded(dataset: Any, sampler: Any, seed: int) -> tuple[SeededDataset, EpochIndexSampler]:
    """Wrap a data set and its sampler so that each sample's randomness follows from (``seed``, epoch, index).

    Args:
        dataset: Any map-style data set.
        sampler: Sampler of its indices; ``set_epoch`` must be called before each epoch.
        seed: Seed of the run, the same on every rank (also with ``diff_rank_seed``).

    Returns:
        The pair to hand to ``DataLoader``.
    """
    wrapper = StreamIndexSampler if isinstance(sampler, InfiniteSampler) else EpochIndexSampler
    return SeededDataset(dataset, seed), wrapper(sampler)


def sampler_of(loader: DataLoader[Any]) -> Any:
    """Return the sampler of a loader's indices, also if a batch sampler stands between them."""
    batches = loader.batch_sampler
    return batches.sampler if isinstance(batches, RestartableBatches) else loader.sampler


def batch_size_of(loader: DataLoader[Any]) -> int:
    """Return the images per batch, also of a loader with a batch sampler."""
    batches = loader.batch_sampler
    size = batches.batch_size if isinstance(batches, RestartableBatches) else loader.batch_size
    return int(size or 1)


def skip_batches(loader: DataLoader[Any], num_batches: int) -> None:
    """Begin the loader's next iteration, and only that, after its first ``num_batches`` batches."""
    if isinstance(loader.batch_sampler, RestartableBatches):
        loader.batch_sampler.skip(num_batches)
    else:
        sampler_of(loader).skip(num_batches * batch_size_of(loader))


def _forwarded(wrapper: Any, part: str, name: str) -> Any:
    """Look ``name`` up in the wrapped ``part``; special methods and a part not yet there (unpickling) are missing."""
    if name.startswith('__') or part not in vars(wrapper):
        raise AttributeError(f'{type(wrapper).__name__} has no attribute "{name}"')
    return getattr(vars(wrapper)[part], name)
