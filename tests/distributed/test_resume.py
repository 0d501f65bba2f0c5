"""Two gloo processes go on with their run exactly, or not at all."""

import pytest
import torch
from mmengine.model import is_model_wrapper

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, StorageError
from sslrecipes.paths.ownership import claim


@pytest.mark.parametrize('accumulation', [1, 2])
def test_two_processes_go_on_exactly(mae_on_digits, run_ranks, accumulation):
    cfg = mae_on_digits
    cfg.launcher = 'pytorch'
    cfg.train_dataloader.batch_size = 8
    cfg.optim_wrapper.accumulative_counts = accumulation
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, interval_iters=3)

    def on_rank(rank, world):
        runner = SSLRunner.from_cfg(cfg)
        runner.train()
        assert is_model_wrapper(runner.model)
        return torch.cat([p.detach().flatten() for p in runner.model.parameters()]).numpy(), runner.iter

    whole = run_ranks(on_rank)
    for path in CheckpointStore(cfg.work_dir).checkpoints():
        if not path.name.startswith('epoch_1_'):
            path.unlink()
    cfg.resume = True
    for (before, steps), (after, steps_after) in zip(whole, run_ranks(on_rank), strict=True):
        assert steps == steps_after == 16
        assert (before == after).all()


def test_other_number_of_processes_is_refused_on_all_of_them(mae_on_digits, run_ranks):
    SSLRunner.from_cfg(mae_on_digits).train()
    mae_on_digits.resume = True
    mae_on_digits.launcher = 'pytorch'

    def on_rank(rank, world):
        with pytest.raises(CheckpointError, match='number of processes: 1 -> 2'):
            SSLRunner.from_cfg(mae_on_digits)
        return True

    assert all(run_ranks(on_rank))


def test_a_folder_of_another_run_is_refused_on_all_processes(mae_on_digits, run_ranks):
    held = claim(mae_on_digits.work_dir)
    mae_on_digits.launcher = 'pytorch'

    def on_rank(rank, world):
        with pytest.raises(StorageError, match=f'process {held.owner.process} '):
            SSLRunner.from_cfg(mae_on_digits)
        return True

    assert all(run_ranks(on_rank))
    held.release()
