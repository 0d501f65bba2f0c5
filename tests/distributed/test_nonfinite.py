"""A NaN on one of two gloo processes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook

from sslrecipes.checkpoint.files import room
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.commands.replay import replay
from sslrecipes.engine.hooks.nonfinite_hook import COUNT
from sslrecipes.engine.nonfinite.record import read_record
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, RunError


class SpoiltBatch(Hook):
    """Make the loss of one process NaN."""

    iteration = 2

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank == 1 and runner.iter == self.iteration:
            data_batch['inputs'] = data_batch['inputs'].float() * torch.nan


class SpoiltGradient(Hook):
    """Make the gradient of one process infinite before processes exchange theirs."""

    iteration = 3

    def before_train(self, runner):
        def spoil(gradient):
            return gradient * torch.inf if runner.rank == 1 and runner.iter == self.iteration else gradient

        runner.model.module.neck.decoder_pred.weight.register_hook(spoil)


@pytest.fixture
def cfg(mae_on_digits):
    mae_on_digits.launcher = 'pytorch'
    mae_on_digits.train_dataloader.batch_size = 8
    mae_on_digits.train_cfg.max_epochs = mae_on_digits.param_scheduler.epochs = 2
    mae_on_digits.default_hooks.nonfinite = dict(type='NonFiniteHook')
    mae_on_digits.env_cfg = dict(dist_cfg=dict(timeout=60))
    return mae_on_digits


def files(cfg):
    return sorted(path.name for path in Path(cfg.work_dir, 'nonfinite').glob('*'))


@pytest.mark.parametrize('accumulative_counts', [1, 2])
@pytest.mark.parametrize('spoil', [SpoiltBatch, SpoiltGradient])
def test_both_stop_in_the_same_step_and_name_the_rank(cfg, run_ranks, spoil, accumulative_counts):
    cfg.optim_wrapper.accumulative_counts = accumulative_counts

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(spoil())
        with pytest.raises(RunError) as caught:
            runner.train()
        return runner.iter, str(caught.value)

    decided = spoil.iteration if accumulative_counts == 1 else 3
    (iter0, message0), (iter1, message1) = run_ranks(on_rank)
    assert iter0 == iter1 == decided
    assert message0 == message1
    assert 'rank 1: loss' in message0
    assert 'rank 0' not in message0
    assert files(cfg) == [f'iter_{decided + 1}_rank_1.pth']
    if spoil is SpoiltBatch:
        replayed = replay(f'{cfg.work_dir}/nonfinite/{files(cfg)[0]}')
        assert replayed.reproduced
        assert any(loss == loss for loss in replayed.finding.losses) == (accumulative_counts == 2)
    else:
        record = read_checkpoint(f'{cfg.work_dir}/nonfinite/{files(cfg)[0]}')
        assert record['gradients'] == ['neck.decoder_pred.weight']


def test_one_process_saves_what_all_have_alike(cfg, run_ranks):
    class Divergence(SpoiltBatch):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            if runner.iter == self.iteration:
                data_batch['inputs'] = data_batch['inputs'].float() * torch.nan

    class OwnBuffer(Hook):
        def before_train(self, runner):
            runner.model.module.register_buffer('own', torch.tensor(float(runner.rank)))

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(OwnBuffer())
        runner.register_hook(Divergence())
        with pytest.raises(RunError) as caught:
            runner.train()
        return str(caught.value)

    message, _ = run_ranks(on_rank)
    whole, own = (Path(cfg.work_dir, 'nonfinite', f'iter_3_rank_{rank}.pth') for rank in range(2))
    assert f'{whole}. rank 1: loss nan' in message
    assert own.stat().st_size < whole.stat().st_size / 4
    records = [read_record(path) for path in (whole, own)]
    assert [float(record['state'].pop('own')) for record in records] == [0, 1]
    assert [record['position']['rank'] for record in records] == [0, 1]
    assert records[0]['state'].keys() == records[1]['state'].keys()
    inputs = [record['micro_batches'][0]['batch']['inputs'] for record in records]
    assert len({part['micro_batches'][0]['seed'] for part in records}) == len(inputs) == 2

    whole.rename(whole.with_name('elsewhere.pth'))
    with pytest.raises(CheckpointError, match=r'rank_1\.pth" needs the file .iter_3_rank_0\.pth. beside it'):
        read_record(own)


def test_a_record_that_does_not_fit_is_not_begun(cfg, run_ranks):
    def on_rank(rank, world):
        room.shutil.disk_usage = lambda folder: SimpleNamespace(free=1000)
        cfg.default_hooks.checkpoint.interval = 0
        runner = SSLRunner.from_cfg(cfg)
        runner._hooks = [hook for hook in runner.hooks if type(hook).__name__ != 'CheckpointHook']
        runner.register_hook(SpoiltBatch())
        with pytest.raises(RunError) as caught:
            runner.train()
        return str(caught.value)

    message, _ = run_ranks(on_rank)
    assert 'could not be saved (The record "iter_3_rank_1.pth" has ' in message
    assert not files(cfg)


@pytest.mark.parametrize(('spoil', 'policy'), [(SpoiltBatch, 'rollback'), (SpoiltGradient, 'skip')])
def test_both_go_on_alike(cfg, run_ranks, spoil, policy):
    cfg.default_hooks.nonfinite.policy = policy
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval_iters=1)

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.register_hook(spoil())
        runner.train()
        weights = torch.cat([p.flatten() for p in runner.model.parameters()]).detach()
        return runner.iter, runner.message_hub.get_info(COUNT), weights.numpy()

    (iter0, count0, weights0), (iter1, count1, weights1) = run_ranks(on_rank)
    assert (iter0, count0) == (iter1, count1) == (8, 1)
    assert (weights0 == weights1).all()
