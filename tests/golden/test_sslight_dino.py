"""DINO as SSLight trains it, against the official code."""

import pytest
import torch

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.registry import MODELS

LOSS = {
    'batch', 'out_dim', 'global_crops', 'local_crops', 'lambda_global', 'lambda_local', 'total_epochs',
    'warmup_teacher_temp', 'teacher_temp', 'warmup_teacher_temp_epochs', 'student_temp', 'center_momentum',
    'world_size',
}  # fmt: skip
TWO_PROCESSES = {
    'seed', 'out_dim', 'nloc', 'B', 'K', 'eps', 'iters', 'world_size', 'lambda_global', 'lambda_local',
    'teacher_temp_epoch0', 'teacher_temp_epoch1', 'student_temp', 'center_momentum',
}  # fmt: skip


def build_head(hyper, **temperatures):
    kinds = 2 if hyper.get('local_crops', hyper.get('nloc')) else 1
    return MODELS.build(
        dict(
            type='DINOHead',
            out_channels=hyper['out_dim'],
            loss_weights=(hyper['lambda_global'], hyper['lambda_local'])[:kinds],
            student_temp=hyper['student_temp'],
            center_momentum=hyper['center_momentum'],
            **temperatures,
        )
    )


@pytest.mark.golden('sslight/dino_loss_baseline', 'sslight/dino_loss_sslight')
def test_loss(case):
    hyper = case.hyper
    assert set(hyper) == LOSS
    assert (hyper['world_size'], hyper['global_crops']) == (1, 2)
    names = ('warmup_teacher_temp', 'teacher_temp', 'warmup_teacher_temp_epochs')
    head = build_head(hyper, **{name: hyper[name] for name in names})
    for step, expected in enumerate(case.meta['steps']):
        torch.testing.assert_close(head.center, case[f'out/center_before_{step}'], rtol=1e-4, atol=1e-6)
        student = case[f'in/student_{step}'].requires_grad_()
        views = hyper['global_crops'] + hyper['local_crops']
        loss = head.loss(student, case[f'in/teacher_{step}'], views, expected['epoch'])
        loss.backward()
        assert head.teacher_temperature(expected['epoch']) == pytest.approx(expected['teacher_temp'], rel=1e-9)
        torch.testing.assert_close(loss, case[f'out/loss_{step}'].squeeze(), rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(loss.item(), expected['loss'], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(student.grad, case[f'out/grad_student_{step}'], rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(head.center, case[f'out/center_after_{step}'], rtol=1e-4, atol=1e-6)


@pytest.mark.golden('sslight/dist2_center_sinkhorn')
def test_center_of_two_processes(case, run_ranks):
    hyper = case.hyper
    assert set(hyper) == TWO_PROCESSES
    steps = sum(name.startswith('in/rank0/student_') for name in case.tensors)
    temperatures = dict(
        warmup_teacher_temp=hyper['teacher_temp_epoch0'],
        teacher_temp=hyper['teacher_temp_epoch1'],
        warmup_teacher_temp_epochs=2,
    )

    def on_rank(rank, _):
        join_process_group('pytorch', timeout=60)
        head, results = build_head(hyper, **temperatures), []
        for step in range(steps):
            student, teacher = (case[f'in/rank{rank}/{which}_{step}'] for which in ('student', 'teacher'))
            loss = head.loss(student, teacher, 2 * len(student) // len(teacher), epoch=step)
            results.append((loss.item(), head.center.numpy().copy()))
        return results

    for rank, results in enumerate(run_ranks(on_rank, hyper['world_size'])):
        for step, (loss, center) in enumerate(results):
            expected = case[f'out/rank{rank}/dino_loss_{step}'].item()
            torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-6)
            expected = case[f'out/rank{rank}/center_after_{step}']
            torch.testing.assert_close(torch.from_numpy(center), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.golden('sslight/dino_train', 'sslight/dino_train_adamw')
def test_training(case, tmp_path, train_and_compare):
    values = {
        'student_output': ('neck.forward', lambda _, outputs: outputs),
        'teacher_output': ('teacher.neck.forward', lambda _, outputs: outputs),
    }
    train_and_compare(case, tmp_path, values, {'center': lambda model: model.head.center})


@pytest.mark.golden('sslight/dino_train')
def test_an_option_that_is_not_known_fails(case, tmp_path, train_and_compare):
    case.hyper['overrides']['DINO.GLOBAL_ONLY'] = True
    with pytest.raises(AssertionError, match=r'does not know these options: .*DINO\.GLOBAL_ONLY'):
        train_and_compare(case, tmp_path, {})
