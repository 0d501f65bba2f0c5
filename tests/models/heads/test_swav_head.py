import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads import SwAVHead, swav_head

BATCH, CHANNELS, PROTOTYPES = 4, 6, 5


def build(queue_length=0, **options):
    return SwAVHead((0.4, 0.6), feat_channels=CHANNELS, queue_length=queue_length, queue_start_epoch=1, **options)


@pytest.fixture
def prototypes():
    return F.normalize(torch.randn(PROTOTYPES, CHANNELS), dim=1)


@pytest.fixture
def run(prototypes):
    """Feed a head with a batch; returns the embedding of the two global views and the loss."""

    def feed(head, epoch=1, num_views=3, batch=BATCH):
        embedding = F.normalize(torch.randn(num_views * batch, CHANNELS), dim=1)
        loss = head.loss(embedding, embedding @ prototypes.T, prototypes, num_views, epoch)
        return embedding.unflatten(0, (num_views, batch))[:2], loss

    return feed


def test_images_that_look_alike_cost_the_trivial_loss():
    head = build()
    head.num_prototypes = PROTOTYPES
    scores = torch.full((3 * BATCH, PROTOTYPES), 0.3)
    loss = head.loss(torch.ones(3 * BATCH, CHANNELS), scores, torch.ones(PROTOTYPES, CHANNELS), 3, 0)
    assert loss.item() == pytest.approx(head.trivial_loss, rel=1e-6)
    assert head.trivial_loss == pytest.approx(math.log(PROTOTYPES))


def test_codes_pass_no_gradient():
    head = build(8)
    embedding = F.normalize(torch.randn(3 * BATCH, CHANNELS), dim=1).requires_grad_()
    prototypes = torch.randn(PROTOTYPES, CHANNELS, requires_grad=True)
    scores = torch.randn(3 * BATCH, PROTOTYPES, requires_grad=True)
    head.loss(embedding, scores, prototypes, 3, 1).backward()
    assert scores.grad.any()
    assert embedding.grad is None
    assert prototypes.grad is None


def test_the_queue_starts_in_its_epoch_newest_first_in_whole_batches(run):
    head = build(2 * BATCH + 3)
    run(head, epoch=0)
    assert not head.queue.any()
    assert head.queue_layout.tolist() == [0, 0]
    batches = [run(head)[0] for _ in range(3)]
    assert head.queue_layout.tolist() == [2 * BATCH, 1]
    assert torch.equal(head.queue[:, : 2 * BATCH], torch.cat([batches[2], batches[1]], dim=1))
    assert not head.queue[:, 2 * BATCH :].any()


def test_a_full_queue_takes_part_in_the_assignment(run, prototypes, monkeypatch):
    assigned = []
    original = swav_head.sinkhorn
    monkeypatch.setattr(swav_head, 'sinkhorn', lambda scores, *args: assigned.append(scores) or original(scores, *args))
    head = build(2 * BATCH)
    batches = [run(head)[0] for _ in range(4)]
    assert [scores.shape[1] for scores in assigned] == [BATCH, BATCH, 3 * BATCH, 3 * BATCH]
    rows = torch.cat([batches[2], batches[1], batches[3]], dim=1)
    torch.testing.assert_close(assigned[3], rows @ prototypes.T)


def test_the_last_micro_batch_gets_the_codes_and_leaves_the_queue_of_one_batch(prototypes):
    whole, parts = build(4 * BATCH), build(4 * BATCH)
    parts.micro_batches.expect(2)
    for step in range(4):
        embedding = F.normalize(torch.randn(2, 2 * BATCH, CHANNELS), dim=2)
        codes = whole.assign(embedding, embedding @ prototypes.T, prototypes, epoch=step)
        first, last = (parts.assign(some, some @ prototypes.T, prototypes, step) for some in embedding.chunk(2, dim=1))
        torch.testing.assert_close(last, codes[:, BATCH:])
        assert not torch.allclose(first, codes[:, :BATCH])
        assert torch.equal(parts.queue, whole.queue)
        assert torch.equal(parts.queue_layout, whole.queue_layout)
    assert whole.queue.any(dim=2).all()


def test_a_queue_shorter_than_a_step_is_refused():
    head = build(3 * BATCH)
    head.micro_batches.expect(4)
    with pytest.raises(ConfigError, match='queue_length=12 is less than the 1 x 4 x 4 images'):
        head.check_batches({BATCH})


def test_another_head_goes_on_where_one_was_saved(run):
    head, other = build(2 * BATCH), build(2 * BATCH)
    for _ in range(3):
        run(head)
    other.load_state_dict(head.state_dict())
    losses = []
    for each in (head, other):
        torch.manual_seed(1)
        losses += [run(each)[1], run(each)[1]]
    assert losses[:2] == losses[2:]
    assert torch.equal(head.queue, other.queue)


@pytest.mark.parametrize('layout', [[BATCH, 2], [2 * BATCH, 3], [BATCH, 1]])
def test_a_queue_of_other_circumstances_is_emptied(run, monkeypatch, layout):
    messages = []
    monkeypatch.setattr(swav_head, 'print_log', lambda message, **_: messages.append(message))
    head = build(2 * BATCH)
    head.queue.fill_(1.0)
    head.queue_layout.copy_(torch.tensor(layout))
    batch, _ = run(head)
    assert torch.equal(head.queue[:, :BATCH], batch)
    assert not head.queue[:, BATCH:].any()
    run(head)
    (message,) = messages
    assert f'{layout[0]} rows on each of {layout[1]} processes, now there are {2 * BATCH} on each of 1' in message


@pytest.mark.parametrize('batch', [4, 6])
def test_the_same_circumstances_say_nothing(run, monkeypatch, batch):
    monkeypatch.setattr(swav_head, 'print_log', lambda *_, **__: pytest.fail('a new queue is nothing to talk about'))
    head = build(13)
    for _ in range(4):
        run(head, batch=batch)
    assert head.queue_layout.tolist() == [12, 1]


def test_a_queue_shorter_than_a_batch_is_refused_at_once(run):
    with pytest.raises(ConfigError, match=r'queue_length=3 is less than .* or 0 for no queue'):
        run(build(3), epoch=0)


def test_a_short_last_batch_is_refused(run):
    head = build(8)
    run(head, epoch=0)
    with pytest.raises(ConfigError, match=r'after 4 images per process came 2: set train_dataloader\.drop_last=True'):
        run(head, epoch=0, batch=2)
    run(build(0), epoch=0, batch=2)


def test_views_must_fit_the_loss_weights(run):
    with pytest.raises(ConfigError, match='0 local views need 1'):
        run(build(), num_views=2)


def test_rounds_are_needed():
    with pytest.raises(ConfigError, match='sinkhorn_iterations'):
        build(sinkhorn_iterations=0)


def test_a_short_last_batch_is_refused_before_training():
    build(queue_length=8).check_batches({4})
    build(queue_length=0).check_batches({4, 2})
    with pytest.raises(ConfigError, match='drop_last=True'):
        build(queue_length=8).check_batches({4, 2})
    with pytest.raises(ConfigError, match='queue_length=8'):
        build(queue_length=8).check_batches({9})
