import resource

import pytest
import torch

from sslrecipes.commands.memory import keep_freed_memory


def page_faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.ones(64 * 2**20 // 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(torch.cuda.is_available(), reason='of no use with a GPU')
def test_large_blocks_are_mapped_once():
    keep_freed_memory()
    page_faults(20)  # until the heap has settled
    assert page_faults(10) < 64 * 2**20 / 4096
