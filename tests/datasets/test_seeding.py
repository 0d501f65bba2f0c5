import copy
import pickle
import random

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset, DefaultSampler, InfiniteSampler
from mmengine.runner import Runner
from mmpretrain.datasets import RepeatAugSampler
from torch.utils.data import DataLoader

from sslrecipes.datasets import Digits, seeded
from sslrecipes.datasets.seeding import Draw, EpochIndexSampler, SeededDataset

LENGTH = 12


class RandomNumbers(torch.utils.data.Dataset):
    """Each sample: its index and one number from each of the three generators."""

    metainfo = {'classes': ('a', 'b')}  # noqa: RUF012

    def __len__(self):
        return LENGTH

    def __getitem__(self, index):
        return torch.tensor([index, random.random(), np.random.rand(), torch.rand(()).item()], dtype=torch.float64)


def draws_of(epochs=(0,), *, seed=0, num_workers=0, persistent=False, rank=0, world=1):
    """One tensor per epoch, rows sorted by index."""
    dataset = RandomNumbers()
    sampler = DefaultSampler(dataset, shuffle=True, seed=0)
    sampler.rank, sampler.world_size, sampler.num_samples = rank, world, LENGTH // world
    dataset, sampler = seeded(dataset, sampler, seed)
    loader = DataLoader(
        dataset, batch_size=4, sampler=sampler, num_workers=num_workers, persistent_workers=persistent)  # fmt: skip
    found = []
    for epoch in epochs:
        sampler.set_epoch(epoch)
        rows = torch.cat(list(loader))
        found.append(rows[rows[:, 0].argsort()])
    return found


def test_samples_do_not_depend_on_the_workers():
    expected = torch.stack(draws_of((0, 1)))
    assert torch.equal(expected, torch.stack(draws_of((0, 1), num_workers=2)))
    assert torch.equal(expected, torch.stack(draws_of((0, 1), num_workers=2, persistent=True)))
    assert torch.equal(expected, torch.stack(draws_of((0, 1), num_workers=1)))


def test_samples_do_not_depend_on_the_ranks_or_on_a_restart():
    first, second = draws_of((0, 1))
    halves = torch.cat([draws_of(rank=rank, world=2)[0] for rank in range(2)])
    assert torch.equal(halves[halves[:, 0].argsort()], first)
    assert torch.equal(draws_of((1,))[0], second)


def test_epochs_indices_generators_and_seeds_all_differ():
    numbers = torch.stack([*draws_of((0, 1, 2)), *draws_of((0,), seed=1)])[..., 1:]
    assert numbers.numel() == 4 * LENGTH * 3
    assert len(numbers.unique()) == numbers.numel()


def test_the_numbers_are_uniform():
    dataset = SeededDataset(RandomNumbers(), seed=5)
    numbers = torch.stack([dataset[Draw(epoch, 3)][1:] for epoch in range(2000)])
    assert (numbers.mean(dim=0) - 0.5).abs().max() < 0.03  # 4.6 standard errors
    assert (numbers.T.corrcoef() - torch.eye(3)).abs().max() < 0.1


def test_the_generators_of_the_main_process_are_left_alone():
    def three():
        return random.random(), random.gauss(0, 1), np.random.randn(), torch.rand(()).item()

    expected = []
    for touch in (False, True):
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        three()  # leaves a cached second Gaussian behind in random and numpy
        if touch:
            dataset = SeededDataset(RandomNumbers(), 0)
            dataset[Draw(0, 1)]
            dataset.__getitems__([Draw(0, 1), Draw(2, 3)])
        expected.append(three())
    assert expected[0] == expected[1]


def test_the_generators_are_put_back_after_an_error():
    class Broken(RandomNumbers):
        def __getitem__(self, index):
            raise RuntimeError

    torch.manual_seed(3)
    with pytest.raises(RuntimeError):
        SeededDataset(Broken(), 0)[0]
    after = torch.rand(())
    torch.manual_seed(3)
    assert torch.equal(after, torch.rand(()))


def test_the_replacement_of_a_bad_sample_is_repeatable():
    class Patchy(Digits):
        def prepare_data(self, idx):
            return None if idx % 3 else super().prepare_data(idx)

    dataset, _ = seeded(Patchy('val'), [], 0)
    chosen = [[dataset[Draw(epoch, 1)]['sample_idx'] for epoch in range(8)] for _ in range(2)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) > 1


def test_a_draw_is_an_int_that_knows_its_epoch():
    draw = Draw(3, 7)
    assert draw == 7
    assert 'abcdefghij'[draw] == 'h'
    assert type(draw.index) is int
    assert repr(draw) == 'Draw(epoch=3, index=7)'
    again = pickle.loads(pickle.dumps(draw))  # noqa: S301
    assert (again, again.epoch) == (7, 3)


def test_the_inner_dataset_gets_a_plain_index():
    sample = SeededDataset(Digits('val'), 0)[Draw(1, 2)]
    assert type(sample['sample_idx']) is int


def test_wrappers_forward_attributes_both_ways():
    inner = Digits('val')
    dataset, sampler = seeded(inner, DefaultSampler(inner, seed=4), 0)
    assert dataset.metainfo == inner.metainfo
    assert dataset.CLASSES == inner.CLASSES
    assert (dataset.get_gt_labels() == inner.get_gt_labels()).all()
    assert len(dataset) == len(sampler) == len(inner)
    assert sampler.seed == 4
    assert not hasattr(dataset, 'absent')
    assert not hasattr(sampler, 'absent')
    dataset.pipeline = 'another'  # as hooks do that switch the augmentation
    assert inner.pipeline == 'another'


def test_wrappers_are_pickled_and_handed_through_deep_copied_configs():
    dataset, sampler = seeded(RandomNumbers(), DefaultSampler(RandomNumbers(), seed=0), 3)
    copies = pickle.loads(pickle.dumps((dataset, sampler)))  # noqa: S301
    assert torch.equal(copies[0][Draw(1, 2)], dataset[Draw(1, 2)])
    assert list(copies[1]) == list(sampler)
    assert copy.deepcopy({'dataset': dataset})['dataset'] is dataset


def test_the_order_still_follows_the_epoch():
    sampler = EpochIndexSampler(DefaultSampler(RandomNumbers(), seed=0))
    orders = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        orders.append([(draw.epoch, draw.index) for draw in sampler])
    assert {epoch for epoch, _ in orders[0]} == {0}
    assert {epoch for epoch, _ in orders[1]} == {1}
    assert [index for _, index in orders[0]] != [index for _, index in orders[1]]


@pytest.mark.parametrize('world', [1, 2])
def test_an_endless_sampler_counts_its_passes(world):
    seen = set()
    for rank in range(world):
        inner = InfiniteSampler(RandomNumbers(), seed=0)
        inner.rank, inner.world_size = rank, world
        inner.indices = inner._indices_of_rank()
        _, sampler = seeded(RandomNumbers(), inner, 0)
        stream = iter(sampler)
        seen |= {(draw.epoch, draw.index) for draw in (next(stream) for _ in range(3 * LENGTH // world))}
    assert seen == {(epoch, index) for epoch in range(3) for index in range(LENGTH)}


def test_an_endless_sampler_can_be_moved_ahead():
    def draws(skip, count):
        _, sampler = seeded(RandomNumbers(), InfiniteSampler(RandomNumbers(), seed=0), 0)
        if skip:
            sampler.skip(skip)
        stream = iter(sampler)
        return [(draw.epoch, draw.index) for draw in (next(stream) for _ in range(count))]

    assert draws(17, 20) == draws(0, 37)[17:]


def test_repeats_of_an_index_within_an_epoch_differ_over_all_ranks():
    seen = []
    for rank in range(3):
        inner = RepeatAugSampler(RandomNumbers(), seed=0)
        inner.rank, inner.world_size = rank, 3
        inner.num_samples = inner.num_selected_samples = LENGTH
        inner.total_size = 3 * LENGTH
        _, sampler = seeded(RandomNumbers(), inner, 0)
        for epoch in range(2):
            sampler.set_epoch(epoch)
            seen += [(draw.epoch, draw.index) for draw in sampler]
    assert len(seen) == len(set(seen)) == 2 * 3 * LENGTH


@pytest.mark.parametrize('kind', [DefaultSampler, InfiniteSampler])
def test_mmengine_builds_a_loader_from_the_pair(kind):
    inner: BaseDataset = Digits('val', pipeline=[dict(type='PackInputs')])
    dataset, sampler = seeded(inner, kind(inner, seed=0), 0)
    loader = Runner.build_dataloader(dict(dataset=dataset, sampler=sampler, batch_size=4, num_workers=0), seed=0)
    assert loader.dataset is dataset
    assert len(next(iter(loader))['inputs']) == 4
