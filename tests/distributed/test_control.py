"""What processes decide together, and how long they wait for each other."""

import time

import pytest
import torch
from mmengine.dist import get_rank
from torch import distributed

from sslrecipes.distributed.control import (
    any_rank,
    control_group,
    from_every_process,
    from_main_process,
    limit_waiting,
    working_apart,
)
from sslrecipes.distributed.joining import join_process_group
from sslrecipes.errors import ConfigError

CLOSED = r'Connection (closed|reset) by peer'
LIMIT = 5  # seconds that a process waits for another, of which two signs of life may be late


def test_one_process_asks_nobody():
    with working_apart():
        pass
    assert any_rank(True, False) == [True, False]
    assert from_every_process('own') == ['own']
    assert from_main_process(lambda: 'own') == 'own'


def test_work_of_one_process_may_take_longer_than_others_wait_for_each_other(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        limit_waiting(LIMIT)
        told = from_main_process(lambda: time.sleep(1.2 * LIMIT) or f'of {get_rank()}')
        return told, any_rank(rank == 1), from_every_process(rank)

    assert run_ranks(on_rank) == [('of 0', [True], [0, 1])] * 2


def test_each_process_works_its_own_time(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        with working_apart():
            time.sleep(0.2 * rank)
        return from_every_process(rank)

    assert run_ranks(on_rank) == [[0, 1]] * 2


def test_a_failure_of_the_main_process_reaches_all(run_ranks):
    def fail():
        raise ConfigError('mend it')

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        with pytest.raises(ConfigError, match='mend it'):
            from_main_process(fail)
        return from_every_process(rank)

    assert run_ranks(on_rank) == [[0, 1]] * 2


def test_who_waits_hears_of_a_process_that_leaves(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        control_group()
        if rank == 1:
            distributed.destroy_process_group()
            return None
        with pytest.raises(RuntimeError, match=CLOSED), working_apart():
            pass
        return 'heard'

    assert run_ranks(on_rank) == ['heard', None]


def test_both_groups_wait_as_long_as_the_config_says(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=77)
        groups = distributed.distributed_c10d._get_default_group(), control_group()
        return [group._get_backend(torch.device('cpu')).options._timeout.total_seconds() for group in groups]

    assert run_ranks(on_rank) == [[77, 77]] * 2
