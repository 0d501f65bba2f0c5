import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.restart.resume import translated
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError


def seen_images(runner):
    """Let the runner record the indices of the images it trains on."""
    drawn = []
    dataset = runner.train_dataloader.dataset
    original = dataset.dataset.prepare_data
    dataset.dataset.prepare_data = lambda index: drawn.append(index) or original(index)
    return drawn


@pytest.mark.parametrize('name', ['epoch_1_iter_5.pth', 'epoch_2.pth', 'epoch_3_iter_13.pth'])
def test_goes_on_exactly_from_any_checkpoint(saved, name, last_weights, keep_only):
    whole = last_weights(saved)
    keep_only(saved, name)
    runner = SSLRunner.from_cfg(saved)
    runner.train()
    assert runner.iter == 16
    assert torch.equal(last_weights(saved), whole)


def test_no_image_is_read_twice(saved, keep_only):
    keep_only(saved, 'epoch_3_iter_13.pth')
    runner = SSLRunner.from_cfg(saved)
    drawn = seen_images(runner)
    runner.train()
    assert len(drawn) == len(set(drawn)) == 3 * 16


def test_nothing_saved_yet_means_the_beginning(mae_on_digits):
    mae_on_digits.resume = True
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    assert runner.iter == 16


def test_other_data_set_is_refused(saved, monkeypatch):
    monkeypatch.setattr('sslrecipes.engine.restart.resume.dataset_facts', lambda dataset: {'number of images': '65'})
    with pytest.raises(CheckpointError, match='number of images: 64 -> 65'):
        SSLRunner.from_cfg(saved).train()


def test_accepted_changes_apply_and_are_logged(saved, caplog, keep_only):
    keep_only(saved, 'epoch_3_iter_13.pth')
    saved.accept_changes = True
    saved.train_dataloader.batch_size = 8
    saved.optim_wrapper.optimizer.update(lr=1e-2, weight_decay=0.3)
    runner = SSLRunner.from_cfg(saved)
    runner.logger.addHandler(caplog.handler)
    entered = []
    original = runner.call_hook

    def watch(name, **kwargs):
        if name == 'before_train_epoch' and not entered:
            groups = runner.optim_wrapper.optimizer.param_groups
            entered.append((runner.epoch, runner.iter, groups[0]['lr'], max(g['weight_decay'] for g in groups)))
        original(name, **kwargs)

    runner.call_hook = watch
    drawn = seen_images(runner)
    runner.train()
    schedule = runner.param_schedulers[0]
    assert entered[0][:2] == (3, 3 * 8 + 2)  # 16 images of the fourth epoch were seen
    assert entered[0][2] == pytest.approx(schedule.value(3 + 2 / 8, 1e-2))
    assert entered[0][3] == 0.3
    assert any('batch_size: 16 -> 8' in record.getMessage() for record in caplog.records)
    assert len(drawn) == 64 - 16


def test_seed_of_the_first_start_is_kept(mae_on_digits, last_weights, keep_only):
    mae_on_digits.randomness.seed = None
    SSLRunner.from_cfg(mae_on_digits).train()
    whole = last_weights(mae_on_digits)
    keep_only(mae_on_digits, 'epoch_2.pth')
    mae_on_digits.resume = True
    SSLRunner.from_cfg(mae_on_digits).train()
    assert torch.equal(last_weights(mae_on_digits), whole)


def accepted(cfg, **changes):
    cfg.accept_changes = True
    cfg.merge_from_dict(changes)
    runner = SSLRunner.from_cfg(cfg)
    runner.train()
    return runner


@pytest.mark.parametrize('name', [b'caf\xe9.pth', b'm\xfcll/good.pth'])
def test_goes_on_from_a_name_that_is_not_utf8(saved, tmp_path, name):
    given = Path(os.fsdecode(os.fsencode(tmp_path) + b'/' + name))
    given.parent.mkdir(exist_ok=True)
    (tmp_path / 'run/epoch_2.pth').rename(given)
    saved.update(load_from=str(given), work_dir=str(tmp_path / 'other'), accept_changes=True)
    saved.train_dataloader.batch_size = 8
    SSLRunner.from_cfg(saved).train()
    again = SSLRunner.from_cfg(saved)
    assert again.resume_point.is_in(saved.work_dir)
    assert again.resume_point.meta['ancestors'][0][0] == str(given.resolve())


def test_accepted_changes_must_fit_the_optimizer_state(saved, keep_only):
    keep_only(saved, 'epoch_2.pth')
    other = saved.copy()
    with pytest.raises(CheckpointError, match='of another optimizer'):
        accepted(other, **{'optim_wrapper.optimizer.type': 'NAdam'})
    del saved.optim_wrapper['constructor']  # all parameters in one group
    with pytest.raises(CheckpointError, match='different number of parameter groups'):
        accepted(saved)


def test_closed_form_schedules_follow_from_the_position(saved, keep_only):
    keep_only(saved, 'epoch_2.pth')
    schedule = saved.param_scheduler
    runner = accepted(saved, param_scheduler=[schedule, dict(schedule, param_name='weight_decay')])
    assert [s.last_step for s in runner.param_schedulers] == [16, 16]


def test_recursive_schedules_go_on_as_they_were(mae_on_digits, keep_only):
    mae_on_digits.param_scheduler = dict(type='CosineAnnealingLR', T_max=16, by_epoch=False)
    whole = SSLRunner.from_cfg(mae_on_digits)
    whole.train()
    keep_only(mae_on_digits, 'epoch_2.pth')
    mae_on_digits.resume = True
    other = mae_on_digits.copy()
    runner = accepted(mae_on_digits, **{'optim_wrapper.clip_grad': dict(max_norm=9.0)})
    assert runner.optim_wrapper.param_groups[0]['lr'] == whole.optim_wrapper.param_groups[0]['lr']
    keep_only(other, 'epoch_2.pth')
    with pytest.raises(CheckpointError, match='no state of a LinearLR'):
        accepted(other, param_scheduler=dict(type='LinearLR', by_epoch=False, _delete_=True))


def test_files_of_another_run_are_set_aside(saved, caplog):
    saved.resume = False
    runner = SSLRunner.from_cfg(saved)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    store = CheckpointStore(saved.work_dir)
    assert [path.with_name(f'{path.name}.superseded').is_file() for path in store.checkpoints()] == [True] * 4
    (told,) = (record.getMessage() for record in caplog.records if 'set aside' in record.getMessage())
    assert told.startswith(
        f'A new run starts in "{saved.work_dir}": 4 checkpoints of the earlier one are set aside as "'
    )
    assert told.endswith('epoch_4.pth.superseded".')


def test_going_on_from_an_older_file_sets_the_newer_aside(saved):
    saved.load_from = str(CheckpointStore(saved.work_dir).path(2))
    SSLRunner.from_cfg(saved).train()
    names = sorted(path.name for path in CheckpointStore(saved.work_dir).folder.glob('*.superseded'))
    assert names == ['epoch_3_iter_13.pth.superseded', 'epoch_4.pth.superseded']


def test_accepted_changes_are_stored_at_once(saved, keep_only):
    keep_only(saved, 'epoch_3_iter_13.pth')
    saved.accept_changes = True
    saved.train_dataloader.batch_size = 32
    saved.default_hooks.checkpoint.update(interval=0, interval_iters=0, save_last=False)
    SSLRunner.from_cfg(saved).train()
    assert [path.name for path in CheckpointStore(saved.work_dir).checkpoints()] == ['epoch_3.pth']
    saved.accept_changes = False
    assert SSLRunner.from_cfg(saved).resume_point.meta['iter'] == 6


def test_a_finished_run_may_be_entered_and_keeps_its_checkpoints(saved, caplog):
    folder = CheckpointStore(saved.work_dir).folder
    before = {path.name: path.read_bytes() for path in folder.glob('*.pth*')}
    saved.accept_changes = True
    saved.train_cfg.max_epochs = saved.param_scheduler.epochs = 2
    runner = SSLRunner.from_cfg(saved)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert {path.name: path.read_bytes() for path in folder.glob('*.pth*')} == before
    assert any('nothing is left to be trained' in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ('spoil', 'told'),
    [
        (lambda checkpoint: checkpoint['optimizer']['state'][0].update(exp_avg=torch.ones(1, 2)), 'exp_avg of a param'),
        (lambda checkpoint: checkpoint['optimizer'].update(base_param_settings=[1]), 'does not fit the recipe'),
        (lambda checkpoint: checkpoint['rank_buffers'].append({'no.such': torch.ones(1)}), 'does not fit the recipe'),
        (lambda checkpoint: checkpoint['state_dict'].popitem(), 'epoch_2.pth'),
    ],
)
def test_parts_that_do_not_fit_end_in_a_sentence(saved, spoil, told, keep_only):
    store = CheckpointStore(saved.work_dir)
    keep_only(saved, 'epoch_2.pth')
    checkpoint = read_checkpoint(store.path(2))
    spoil(checkpoint)
    save_torch(store.path(2), checkpoint)
    with pytest.raises(CheckpointError, match=told):
        SSLRunner.from_cfg(saved).train()


def test_a_position_in_other_batches_is_between_optimizer_steps():
    runner = SimpleNamespace(train_loop=SimpleNamespace(dataloader=range(10)), images_per_batch=8)
    meta = dict(epoch=2, iter=13, batches_per_epoch=5, images_per_batch=16)
    for counts, position in ((1, 26), (4, 24), (7, 20)):
        runner.accumulative_counts = counts
        assert translated(runner, meta) == position
