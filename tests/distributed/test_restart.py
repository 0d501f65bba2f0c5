"""Buffers that are not the same on all processes, such as queues."""

import torch
from torch import nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.restart.state import gather_rank_buffers, restore_rank_buffers


class WithQueue(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('queue', torch.zeros(3))
        self.register_buffer('centre', torch.ones(2))
        self.register_buffer('scratch', torch.zeros(1), persistent=False)


def test_buffers_of_each_process_come_back_to_it(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        model = WithQueue()
        model.queue += rank + 1
        model.scratch += rank
        gathered = gather_rank_buffers(model)
        everyone = [gathered]
        torch.distributed.broadcast_object_list(everyone)
        model.queue.zero_()
        restore_rank_buffers(model, everyone[0])
        return [sorted(part) for part in gathered], model.queue.tolist()

    (stored, queue0), (nothing, queue1) = run_ranks(on_rank)
    assert stored == [['queue'], ['queue']]
    assert nothing == []
    assert (queue0, queue1) == ([1.0] * 3, [2.0] * 3)
