import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from torch import nn

from sslrecipes.engine.restart.state import (
    HISTORY,
    as_builtins,
    gather_rank_buffers,
    pack_message_hub,
    shorten_histories,
    unpack_message_hub,
)
from sslrecipes.errors import CheckpointError


def test_plain_knows_only_values_that_every_reader_accepts():
    value = {'a': (np.float64(1.5), np.arange(2)), 2: {np.int32(3)}, 'weights': torch.ones(1)}
    assert repr(as_builtins(value)) == repr({'a': [1.5, [0, 1]], 2: [3], 'weights': torch.ones(1)})
    with pytest.raises(CheckpointError, match='Generator'):
        as_builtins([torch.Generator()])


def test_message_hub_travels_as_plain_values(caplog):
    hub, other = MessageHub('packed'), MessageHub('unpacked')
    for step in range(5):
        hub.update_scalar('train/loss', 1.0 / (step + 1))
        hub.update_scalar('train/time', step, resumed=False)
    hub.update_info('iter', np.int64(5))
    packed = pack_message_hub(hub)
    assert as_builtins(packed) == packed
    unpack_message_hub(other, packed)
    assert other.get_scalar('train/loss').mean(3) == hub.get_scalar('train/loss').mean(3)
    assert other.get_info('iter') == 5
    assert 'train/time' not in other.log_scalars
    assert not caplog.records


def test_histories_stop_growing():
    hub = MessageHub('long')
    for step in range(HISTORY + 50):
        hub.update_scalar('loss', step)
        if step == 10:
            shorten_histories(hub)
    assert len(hub.get_scalar('loss').data[0]) == HISTORY
    assert hub.get_scalar('loss').current() == HISTORY + 49


def test_the_newest_of_a_long_history_are_stored():
    hub, other = MessageHub('whole'), MessageHub('cut')
    for step in range(HISTORY + 50):
        hub.update_scalar('loss', step)
    unpack_message_hub(other, pack_message_hub(hub))
    assert other.get_scalar('loss').data[0].tolist() == list(range(50, HISTORY + 50))


def test_one_process_stores_no_buffer_twice():
    assert gather_rank_buffers(nn.BatchNorm1d(2)) == []
