import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads import MoCoHead

BATCH, CHANNELS, KEYS = 4, 6, 12


@pytest.fixture
def head():
    return MoCoHead((0.4, 0.6), feat_channels=CHANNELS, queue_length=KEYS)


def unit_rows(count):
    return F.normalize(torch.randn(count, CHANNELS), dim=1)


def test_the_queue_begins_with_random_unit_columns(head):
    torch.testing.assert_close(head.queue.norm(dim=0), torch.ones(KEYS))
    assert torch.linalg.matrix_rank(head.queue) == CHANNELS
    assert head.queue_ptr.tolist() == [0]


def test_the_oldest_keys_are_replaced_round_and_round(head):
    batches = [unit_rows(BATCH) for _ in range(4)]
    for number, keys in enumerate(batches):
        head.enqueue(keys)
        assert head.queue_ptr.item() == BATCH * (number + 1) % KEYS
    assert torch.equal(head.queue, torch.cat([batches[3], batches[1], batches[2]]).T)


def test_logits_are_of_the_queue_before_the_step(head):
    queries, keys, queue = unit_rows(3 * BATCH).requires_grad_(), unit_rows(BATCH), head.queue.clone()
    loss = head.loss(queries, keys)
    loss.backward()  # with the keys that have been replaced by now
    assert not torch.equal(head.queue, queue)
    wanted = queries.detach().clone().requires_grad_()
    per_image = torch.stack([torch.cat([keys[i % BATCH, None], queue.T]) @ wanted[i] for i in range(3 * BATCH)])
    terms = -(per_image / 0.2).softmax(dim=1)[:, 0].log().view(3, BATCH).mean(dim=1)
    (0.4 * terms[0] + 0.6 * terms[1:].mean()).backward()
    torch.testing.assert_close(queries.grad, wanted.grad)


def test_micro_batches_of_a_step_meet_the_same_negatives_as_in_one_batch(head):
    whole = MoCoHead((0.4, 0.6), feat_channels=CHANNELS, queue_length=KEYS)
    whole.load_state_dict(head.state_dict())
    head.micro_batches.expect(2)
    for _ in range(4):
        queries, keys = unit_rows(3 * 2 * BATCH).unflatten(0, (3, 2 * BATCH)), unit_rows(2 * BATCH)
        parts = zip(queries.chunk(2, dim=1), keys.chunk(2), strict=True)
        losses = [head.loss(some.flatten(0, 1), of_keys) for some, of_keys in parts]
        torch.testing.assert_close(torch.stack(losses).mean(), whole.loss(queries.flatten(0, 1), keys))
        assert torch.equal(head.queue, whole.queue)
        assert torch.equal(head.queue_ptr, whole.queue_ptr)


def test_the_queue_holds_the_keys_of_a_step(head):
    head.micro_batches.expect(3)
    head.check_batch(BATCH)
    head.micro_batches.expect(4)
    with pytest.raises(ConfigError, match='queue_length=12 is less than the 1 x 4 x 4 images'):
        head.check_batch(BATCH)


def test_images_that_look_alike_cost_the_trivial_loss(head):
    row = unit_rows(1)
    head.queue.copy_(row.T.expand(-1, KEYS))
    loss = head.loss(row.expand(3 * BATCH, -1), row.expand(BATCH, -1))
    assert loss.item() == pytest.approx(head.trivial_loss, rel=1e-6)
    assert head.trivial_loss == pytest.approx(math.log(KEYS + 1))


def test_the_queue_is_whole_batches(head):
    head.check_batch(BATCH)
    with pytest.raises(ConfigError, match='queue_length=12 must be a multiple of every batch'):
        head.check_batch(5)


def test_a_last_batch_that_does_not_fit_is_refused_before_training(head):
    size = head.queue_length // 2
    head.check_batches({size})
    with pytest.raises(ConfigError, match='drop_last=True'):
        head.check_batches({size, size - 1})
