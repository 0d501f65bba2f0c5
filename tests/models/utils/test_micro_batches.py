import torch

from sslrecipes.models.utils.micro_batches import MicroBatches


def test_one_micro_batch_is_a_step():
    value = torch.ones(1)
    assert MicroBatches().add(value) == [value]


def test_the_last_micro_batch_gets_all_of_the_step_and_no_more():
    micro_batches, values = MicroBatches(), list(torch.arange(6.0))
    micro_batches.expect(3)
    assert [micro_batches.add(value) for value in values] == [[], [], values[:3], [], [], values[3:]]


def test_a_step_begun_anew_has_none():
    micro_batches = MicroBatches()
    micro_batches.expect(2)
    micro_batches.add(torch.zeros(1))
    micro_batches.expect(2)
    assert micro_batches.kept == []
    assert micro_batches.add(torch.ones(1)) == []
