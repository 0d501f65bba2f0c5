"""SwAV of SSLight against the official code."""

import pytest
import torch

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.models.losses.sinkhorn import sinkhorn
from sslrecipes.registry import MODELS

LOSS = {
    'batch', 'dim', 'prototypes', 'global_crops', 'local_crops', 'lambda_global', 'lambda_local', 'epsilon',
    'temperature', 'sinkhorn_iterations', 'queue_rows_per_rank', 'world_size', 'crops_for_assign',
}  # fmt: skip


@pytest.mark.golden('sslight/sinkhorn')
def test_sinkhorn(case):
    assert set(case.hyper) == {'batch', 'prototypes', 'epsilon', 'iterations', 'world_size'}
    assert case.hyper['world_size'] == 1
    codes = sinkhorn(case['in/scores'], case.hyper['epsilon'], case.hyper['iterations'])
    torch.testing.assert_close(codes, case['out/codes'], rtol=1e-4, atol=1e-7)


@pytest.mark.golden('sslight/dist2_center_sinkhorn')
def test_sinkhorn_of_two_processes(case, run_ranks):
    def on_rank(rank, _):
        join_process_group('pytorch', timeout=60)
        return sinkhorn(case[f'in/rank{rank}/scores'], case.hyper['eps'], case.hyper['iters']).numpy()

    codes = [torch.from_numpy(codes) for codes in run_ranks(on_rank, case.hyper['world_size'])]
    for rank, of_rank in enumerate(codes):
        torch.testing.assert_close(of_rank, case[f'out/rank{rank}/codes'], rtol=1e-4, atol=1e-6)
    stacked = torch.cat([case[f'in/rank{rank}/scores'] for rank in range(len(codes))])
    alone = sinkhorn(stacked, case.hyper['eps'], case.hyper['iters'])
    torch.testing.assert_close(torch.cat(codes), alone, rtol=1e-4, atol=1e-6)


@pytest.mark.golden('sslight/swav_loss_baseline', 'sslight/swav_loss_sslight')
def test_loss(case, monkeypatch):
    hyper = case.hyper
    assert set(hyper) == LOSS
    assert (hyper['world_size'], hyper['global_crops'], hyper['crops_for_assign']) == (1, 2, [0, 1])
    head = MODELS.build(
        dict(
            type='SwAVHead',
            loss_weights=(hyper['lambda_global'], hyper['lambda_local'])[: 2 if hyper['local_crops'] else 1],
            feat_channels=hyper['dim'],
            temperature=hyper['temperature'],
            epsilon=hyper['epsilon'],
            sinkhorn_iterations=hyper['sinkhorn_iterations'],
            queue_length=hyper['queue_rows_per_rank'],
            queue_start_epoch=0,
        )
    )
    monkeypatch.setattr(head, 'effective_rows', lambda _: hyper['queue_rows_per_rank'])  # whole batches or not
    prototypes = case['state/prototypes.weight']
    for step, expected in enumerate(case.meta['steps']):
        shown = {}
        head.observer = shown.__setitem__
        scores = case[f'in/scores_{step}'].requires_grad_()
        views = hyper['global_crops'] + hyper['local_crops']
        loss = head.loss(case[f'in/embedding_{step}'], scores, prototypes, views, epoch=0)
        loss.backward()
        torch.testing.assert_close(loss, case[f'out/loss_{step}'].squeeze(), rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(loss.item(), expected['loss'], rtol=1e-4, atol=1e-6)
        torch.testing.assert_close(scores.grad, case[f'out/grad_scores_{step}'], rtol=1e-3, atol=1e-6)
        codes = torch.cat([case[f'out/codes_view{view}_{step}'] for view in hyper['crops_for_assign']])
        torch.testing.assert_close(shown['assignment'], codes, rtol=1e-3, atol=1e-6)
        if hyper['queue_rows_per_rank']:
            torch.testing.assert_close(head.queue, case[f'out/queue_after_{step}'], rtol=1e-4, atol=1e-6)


@pytest.mark.golden('sslight/swav_train')
def test_training(case, train_and_compare, tmp_path):
    values = {
        'embedding': ('neck.forward', lambda _, result: result[0]),
        'scores': ('neck.forward', lambda _, result: result[1]),
    }
    queue = {'feature_queue': lambda model: model.head.queue[:, : model.head.queue_layout[0]]}
    train_and_compare(case, tmp_path, values, queue)
