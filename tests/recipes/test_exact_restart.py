"""Every method that a recipe trains survives ``kill -9`` at any moment without a trace.

``tests/long/kill_training.py`` does the same more often.
"""

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint

KILLS = 4  # for each number of workers: eight per method


@pytest.mark.parametrize('workers', [0, 2])
def test_killed_and_resumed_run_equals_the_run_left_alone(method, workers, methods, tiny, restarting, tmp_path):
    cfg = tiny.short_run(methods[method], str(tmp_path), workers)
    outcome = restarting.kill_and_resume(cfg, KILLS, seed=workers)
    assert outcome.difference == 0.0, outcome.positions


def test_killed_after_each_micro_batch_a_run_ends_as_if_left_alone(method, methods, tiny, restarting, tmp_path):
    """Within optimizer steps of three micro-batches, between them, and among the two left over in an epoch of eight."""
    cfg = tiny.short_run(methods[method], str(tmp_path), accumulation=3)
    cfg.train_cfg.max_epochs = 2
    cfg.default_hooks.checkpoint.interval_iters = 1
    cfg.custom_hooks = [dict(type='CollapseHook', interval=2)]
    if cfg.model.get('probe') is None and method in ('MAE', 'TEC', 'MAEPriv'):
        cfg.custom_hooks.append(dict(type='OnlineProbeHook'))
    if method == 'ImageClassifier':
        cfg.custom_hooks.append(dict(type='EMAHook', momentum=0.1))
    assert restarting.kill_everywhere(cfg, micro_batches=2 * 8) == 0.0


@pytest.mark.parametrize(
    ('trained', 'kept'),
    [
        ('DINO', ('head.center', 'teacher.backbone.bn1.running_mean', 'teacher.neck.mlp.1.running_var')),
        ('DINO with ViT', ('head.center', 'neck.last_layer.weight_g', 'teacher.neck.last_layer.weight_g')),
        (
            'MoCo',
            ('head.queue', 'momentum_encoder.backbone.bn1.running_mean', 'momentum_encoder.neck.mlp.0.weight'),
        ),
        (
            'BYOL',
            ('teacher.backbone.bn1.running_mean', 'teacher.neck.mlp.0.weight', 'head.predictor.mlp.1.running_var'),
        ),
        (
            'W2SSL',
            ('momentum_encoder.backbone.bn1.running_mean', 'momentum_encoder.where.weight', 'neck.mlp.4.running_var'),
        ),
        ('SwAV', ('head.queue', 'head.queue_layout', 'neck.prototypes.weight')),
    ],
)
def test_short_runs_change_what_a_resumed_run_must_find(trained, kept, methods, tiny, restarting, tmp_path):
    """Else the test above would show nothing about it."""
    cfg = tiny.short_run(methods[trained], str(tmp_path))
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    restarting.train(cfg)
    half, end = (read_checkpoint(tmp_path / f'epoch_{epoch}.pth')['state_dict'] for epoch in (2, 3))
    assert [name for name in kept if torch.equal(half[name], end[name])] == ['head.queue_layout'] * (trained == 'SwAV')
    if trained == 'SwAV':
        assert end['head.queue_layout'].tolist() == [4 * tiny.BATCH, 1]
        assert end['head.queue'].any(dim=2).all(), 'the queue is not full'
