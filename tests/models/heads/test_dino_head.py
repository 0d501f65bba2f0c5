import math

import numpy as np
import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads.dino_head import DINOHead

BATCH, CHANNELS = 3, 11


def rows(views, requires_grad=False):
    return torch.randn(views * BATCH, CHANNELS, requires_grad=requires_grad)


def probabilities(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def mean_cross_entropy(pairs, targets, predictions):
    return np.mean([-(targets[a] * np.log(predictions[v])).sum(axis=1).mean() for a, v in pairs])


@pytest.mark.parametrize(('views', 'weights'), [(2, (1.5,)), (3, (0.4, 0.6)), (7, (0.3, 0.9))])
def test_loss_is_the_weighted_sum_of_two_means_over_pairs(views, weights):
    head = DINOHead(CHANNELS, weights, teacher_temp=0.5, warmup_teacher_temp_epochs=1, student_temp=0.2)
    head.center.copy_(torch.randn(1, CHANNELS))
    student, teacher = rows(views), rows(2)
    centred = (teacher - head.center).double().numpy()
    targets = probabilities(centred / 0.5).reshape(2, BATCH, CHANNELS)
    predictions = probabilities(student.double().numpy() / 0.2).reshape(views, BATCH, CHANNELS)
    expected = weights[0] * mean_cross_entropy([(0, 1), (1, 0)], targets, predictions)
    if views > 2:
        pairs = [(a, v) for a in range(2) for v in range(2, views)]
        expected += weights[1] * mean_cross_entropy(pairs, targets, predictions)
    assert head.loss(student, teacher, views, epoch=5).item() == pytest.approx(expected, rel=1e-5)


def test_center_moves_after_the_loss_towards_the_mean_output():
    head, teacher = DINOHead(CHANNELS, (1.0,), center_momentum=0.75), rows(2)
    first = head.loss(rows(2), teacher, 2, epoch=0)
    torch.testing.assert_close(head.center, 0.25 * teacher.mean(dim=0, keepdim=True))
    assert first.isfinite()
    head.loss(rows(2), teacher, 2, epoch=0)
    torch.testing.assert_close(head.center, (0.25 + 0.75 * 0.25) * teacher.mean(dim=0, keepdim=True))


def test_center_moves_with_the_last_micro_batch_as_in_one_batch():
    whole, parts = DINOHead(CHANNELS, (1.0,)), DINOHead(CHANNELS, (1.0,))
    student, teacher = (torch.randn(2, 4 * BATCH, CHANNELS) for _ in range(2))
    losses = []
    for _ in range(2):
        loss = whole.loss(student.flatten(0, 1), teacher.flatten(0, 1), 2, epoch=0)
        before = parts.center.clone()
        parts.micro_batches.expect(4)
        for rows in zip(*(outputs.chunk(4, dim=1) for outputs in (student, teacher)), strict=True):
            assert torch.equal(parts.center, before)
            losses.append(parts.loss(*(outputs.flatten(0, 1) for outputs in rows), 2, epoch=0))
        torch.testing.assert_close(torch.stack(losses[-4:]).mean(), loss)
        torch.testing.assert_close(parts.center, whole.center)


def test_a_step_begun_anew_knows_nothing_of_one_that_was_not_finished():
    head, teacher = DINOHead(CHANNELS, (1.0,), center_momentum=0.0), rows(2)
    head.micro_batches.expect(2)
    head.loss(rows(2), rows(2), 2, epoch=0)
    head.micro_batches.expect(2)
    for _ in range(2):
        head.loss(rows(2), teacher, 2, epoch=0)
    torch.testing.assert_close(head.center, teacher.mean(dim=0, keepdim=True))


@pytest.mark.parametrize('warmup', [1, 2, 7])
def test_temperature_of_the_teacher(warmup):
    head = DINOHead(CHANNELS, (1.0,), 0.04, 0.07, warmup_teacher_temp_epochs=warmup)
    expected = [*np.linspace(0.04, 0.07, warmup), 0.07, 0.07]
    assert [head.teacher_temperature(epoch) for epoch in range(warmup + 2)] == pytest.approx(expected)


def test_no_warm_up_of_the_temperature():
    assert DINOHead(CHANNELS, (1.0,), warmup_teacher_temp_epochs=0).teacher_temperature(0) == 0.07


def test_gradients_reach_the_student_only():
    student, teacher = rows(4, requires_grad=True), rows(2, requires_grad=True)
    DINOHead(CHANNELS, (0.4, 0.6)).loss(student, teacher, 4, epoch=0).backward()
    assert student.grad.abs().sum(dim=1).gt(0).all()
    assert teacher.grad is None


def test_is_computed_in_float32_under_autocast():
    student, teacher = rows(4).bfloat16(), rows(2).bfloat16()
    expected = DINOHead(CHANNELS, (0.4, 0.6)).loss(student.float(), teacher.float(), 4, epoch=0)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = DINOHead(CHANNELS, (0.4, 0.6)).loss(student, teacher, 4, epoch=0)
    torch.testing.assert_close(loss, expected, rtol=1e-6, atol=0)


def test_trivial_loss_is_that_of_uniform_outputs():
    head = DINOHead(CHANNELS, (0.4, 0.9))
    loss = head.loss(torch.ones(4 * BATCH, CHANNELS), torch.ones(2 * BATCH, CHANNELS), 4, epoch=0)
    assert head.trivial_loss == pytest.approx(1.3 * math.log(CHANNELS))
    assert loss.item() == pytest.approx(head.trivial_loss)


def test_shows_the_probabilities_of_the_teacher():
    head, shown = DINOHead(CHANNELS, (1.0,), teacher_temp=0.5, warmup_teacher_temp_epochs=0), {}
    head.observer = shown.__setitem__
    teacher = rows(2)
    head.loss(rows(2), teacher, 2, epoch=0)
    torch.testing.assert_close(shown['assignment'], (teacher / 0.5).softmax(dim=1))


def test_views_without_weight_are_refused():
    with pytest.raises(ConfigError, match='local views need 2'):
        DINOHead(CHANNELS, (1.0,)).loss(rows(4), rows(2), 4, epoch=0)
