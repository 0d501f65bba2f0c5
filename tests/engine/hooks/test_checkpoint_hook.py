import numpy as np
import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.engine.hooks.checkpoint_hook import CheckpointHook, bytes_of_checkpoint
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError, StorageError


def files_after(cfg, **options):
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', **options)
    SSLRunner.from_cfg(cfg).train()
    return [path.name for path in CheckpointStore(cfg.work_dir).checkpoints()]


def test_epochs_and_the_last(mae_on_digits):
    assert files_after(mae_on_digits, interval=3) == ['epoch_3.pth', 'epoch_4.pth']


def test_iterations_within_epochs(mae_on_digits):
    names = files_after(mae_on_digits, interval=2, interval_iters=3)
    assert names == [
        'epoch_0_iter_3.pth',
        'epoch_1_iter_6.pth',
        'epoch_2.pth',
        'epoch_2_iter_11.pth',
        'epoch_3_iter_14.pth',
        'epoch_4.pth',
    ]


def test_upstream_arguments_for_iterations(mae_on_digits):
    names = files_after(mae_on_digits, interval=7, by_epoch=False, save_last=False)
    assert names == ['epoch_1_iter_7.pth', 'epoch_3_iter_14.pth']


def test_minutes(mae_on_digits, monkeypatch):
    clock = iter(range(0, 10**6, 61))
    monkeypatch.setattr('sslrecipes.engine.hooks.checkpoint_hook.time.monotonic', lambda: next(clock))
    assert len(files_after(mae_on_digits, interval=0, interval_minutes=3)) == 16 // 3 + 1


def test_accumulated_gradients_are_not_cut(mae_on_digits):
    mae_on_digits.optim_wrapper.accumulative_counts = 2
    names = files_after(mae_on_digits, interval=0, interval_iters=1, max_keep_ckpts=3)
    assert names == ['epoch_3.pth', 'epoch_3_iter_14.pth', 'epoch_4.pth']


def test_retention(mae_on_digits):
    assert files_after(mae_on_digits, interval=1, max_keep_ckpts=1, keep_every=2) == ['epoch_2.pth', 'epoch_4.pth']


def test_best_is_kept(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    hook = CheckpointHook(interval=1, max_keep_ckpts=1, save_best='acc')
    scores = iter([0.1, 0.9, 0.5, 0.2])
    original = runner.call_hook

    def call(name, **kwargs):
        original(name, **kwargs)
        if name == 'between_epochs':
            hook.after_val_epoch(runner, {'acc': next(scores)})

    runner._hooks = [h for h in runner._hooks if not isinstance(h, CheckpointHook)] + [hook]
    runner.call_hook = call
    runner.train()
    assert [path.name for path in runner.store.checkpoints()] == ['epoch_2.pth', 'epoch_4.pth']
    with pytest.raises(ConfigError, match='acc'):
        CheckpointHook(save_best='top1').after_val_epoch(runner, {'acc': 1.0})


def test_background_writing_gives_the_same_files(mae_on_digits):
    assert files_after(mae_on_digits, interval=1, background=True) == [f'epoch_{n}.pth' for n in (1, 2, 3, 4)]
    store = CheckpointStore(mae_on_digits.work_dir)
    assert store.newest_good()[0].name == 'epoch_4.pth'
    states = [torch.load(path)['state_dict'] for path in store.checkpoints()]
    assert any((states[0][name] != states[1][name]).any() for name in states[0])


def test_checkpoints_need_no_allow_list(mae_on_digits):
    files_after(mae_on_digits, interval=4)
    checkpoint = torch.load(CheckpointStore(mae_on_digits.work_dir).checkpoints()[-1], weights_only=True)
    assert {'meta', 'state_dict', 'optimizer', 'param_schedulers', 'message_hub', 'rank_buffers'} == checkpoint.keys()


def test_size_is_foreseen(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    tensors = sum(p.nbytes for p in runner.model.state_dict().values())
    moments = sum(v.nbytes for s in runner.optim_wrapper.optimizer.state.values() for v in s.values() if v.dim())
    assert bytes_of_checkpoint(runner) == tensors + moments


def test_run_that_can_store_nothing_says_so_at_the_start(mae_on_digits, monkeypatch):
    def no_space(self, bytes_needed):
        raise StorageError('no space')

    monkeypatch.setattr(CheckpointStore, 'check_space', no_space)
    runner = SSLRunner.from_cfg(mae_on_digits)
    with pytest.raises(StorageError, match='no space'):
        runner.train()
    assert runner.iter == 0


def test_rule_is_checked():
    with pytest.raises(ConfigError, match='greater'):
        CheckpointHook(rule='higher')


def test_other_loops_are_refused(mae_on_digits):
    mae_on_digits.train_cfg = dict(by_epoch=True, max_epochs=1)
    with pytest.raises(ConfigError, match=r'"SSLIterTrainLoop", not "EpochBasedTrainLoop"'):
        SSLRunner.from_cfg(mae_on_digits).train()


def test_negative_interval_of_iterations_means_none(mae_on_digits):
    assert files_after(mae_on_digits, interval=-1, by_epoch=False, save_last=True) == ['epoch_4.pth']


def test_what_hooks_add_stays_readable(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    original = runner.call_hook

    def call(name, **kwargs):
        original(name, **kwargs)
        if name == 'before_save_checkpoint':
            kwargs['checkpoint']['mine'] = {'scores': np.arange(3), 'names': {'a'}}

    runner.call_hook = call
    runner.train()
    assert read_checkpoint(runner.store.newest_good()[0], sealed=True)['mine'] == {'scores': [0, 1, 2], 'names': ['a']}
