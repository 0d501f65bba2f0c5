import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.restart.resume import translated
from sslrecipes.engine.restart.resume_point import ResumePoint, told_as_over
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError
from sslrecipes.paths.ownership import Owner


@pytest.fixture
def saved(mae_on_digits):
    """A run of which every second epoch and the middle of the third are stored."""
    mae_on_digits.default_hooks.checkpoint = dict(type='CheckpointHook', interval=2, interval_iters=5)
    SSLRunner.from_cfg(mae_on_digits).train()
    mae_on_digits.resume = True
    return mae_on_digits


def last_weights(cfg):
    state = read_checkpoint(CheckpointStore(cfg.work_dir).newest_good()[0])['state_dict']
    return torch.cat([value.flatten() for value in state.values()])


def keep_only(cfg, name):
    for path in CheckpointStore(cfg.work_dir).checkpoints():
        if path.name != name:
            path.unlink()


def seen_images(runner):
    """Let the runner record the indices of the images it trains on."""
    drawn = []
    dataset = runner.train_dataloader.dataset
    original = dataset.dataset.prepare_data
    dataset.dataset.prepare_data = lambda index: drawn.append(index) or original(index)
    return drawn


@pytest.mark.parametrize('name', ['epoch_1_iter_5.pth', 'epoch_2.pth', 'epoch_3_iter_13.pth'])
def test_goes_on_exactly_from_any_checkpoint(saved, name):
    whole = last_weights(saved)
    keep_only(saved, name)
    runner = SSLRunner.from_cfg(saved)
    runner.train()
    assert runner.iter == 16
    assert torch.equal(last_weights(saved), whole)


def test_no_image_is_read_twice(saved):
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


def test_damaged_checkpoint_is_passed_over_and_named(saved, caplog):
    whole = last_weights(saved)
    store = CheckpointStore(saved.work_dir)
    newest = store.checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:-1000])
    runner = SSLRunner.from_cfg(saved)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    messages = ' '.join(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    assert 'epoch_4.pth" is damaged' in messages
    assert 'Going on from' in messages
    assert torch.equal(last_weights(saved), whole)


def test_damaged_files_only_are_not_a_fresh_start(saved):
    for path in CheckpointStore(saved.work_dir).checkpoints():
        path.write_bytes(b'')
    with pytest.raises(CheckpointError, match='None of the checkpoints'):
        SSLRunner.from_cfg(saved)


def test_named_checkpoint_must_be_whole(saved):
    newest = CheckpointStore(saved.work_dir).checkpoints()[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    saved.load_from = str(newest)
    with pytest.raises(CheckpointError, match=r'epoch_4\.pth" is damaged'):
        SSLRunner.from_cfg(saved)


def test_other_recipe_is_refused_with_a_diff(saved):
    saved.train_dataloader.batch_size = 8
    saved.optim_wrapper.optimizer.lr = 1e-2
    with pytest.raises(CheckpointError) as refusal:
        SSLRunner.from_cfg(saved)
    assert 'train_dataloader.batch_size: 16 -> 8' in str(refusal.value)
    assert 'optim_wrapper.optimizer.lr: 0.001 -> 0.01' in str(refusal.value)
    assert '--accept-changes' in str(refusal.value)


def test_other_data_set_is_refused(saved, monkeypatch):
    monkeypatch.setattr('sslrecipes.engine.restart.resume.dataset_facts', lambda dataset: {'number of images': '65'})
    with pytest.raises(CheckpointError, match='number of images: 64 -> 65'):
        SSLRunner.from_cfg(saved).train()


def test_accepted_changes_apply_and_are_logged(saved, caplog):
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


def test_seed_of_the_first_start_is_kept(mae_on_digits):
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


def test_accepted_changes_must_fit_the_optimizer_state(saved):
    keep_only(saved, 'epoch_2.pth')
    other = saved.copy()
    with pytest.raises(CheckpointError, match='of another optimizer'):
        accepted(other, **{'optim_wrapper.optimizer.type': 'NAdam'})
    del saved.optim_wrapper['constructor']  # all parameters in one group
    with pytest.raises(CheckpointError, match='different number of parameter groups'):
        accepted(saved)


def test_closed_form_schedules_follow_from_the_position(saved):
    keep_only(saved, 'epoch_2.pth')
    schedule = saved.param_scheduler
    runner = accepted(saved, param_scheduler=[schedule, dict(schedule, param_name='weight_decay')])
    assert [s.last_step for s in runner.param_schedulers] == [16, 16]


def test_recursive_schedules_go_on_as_they_were(mae_on_digits):
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


def test_weights_alone_are_no_run(mae_on_digits, tmp_path):
    mae_on_digits.resume = True
    mae_on_digits.load_from = str(save_torch(tmp_path / 'weights.pth', {'meta': {'epoch': 1}, 'state_dict': {}}))
    with pytest.raises(CheckpointError, match='no run to go on with'):
        SSLRunner.from_cfg(mae_on_digits)


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


def test_accepted_changes_are_stored_at_once(saved):
    keep_only(saved, 'epoch_3_iter_13.pth')
    saved.accept_changes = True
    saved.train_dataloader.batch_size = 32
    saved.default_hooks.checkpoint.update(interval=0, interval_iters=0, save_last=False)
    SSLRunner.from_cfg(saved).train()
    assert [path.name for path in CheckpointStore(saved.work_dir).checkpoints()] == ['epoch_3.pth']
    saved.accept_changes = False
    assert SSLRunner.from_cfg(saved).resume_point.meta['iter'] == 6


def named(cfg, name):
    """The config of a start that was told to go on from a checkpoint of the run."""
    cfg = cfg.copy()
    cfg.load_from = str(CheckpointStore(cfg.work_dir).folder / name)
    return cfg


def test_a_named_checkpoint_is_gone_on_from_once(saved, caplog):
    whole = last_weights(saved)
    first = named(saved, 'epoch_2.pth')
    SSLRunner.from_cfg(first).train()
    (CheckpointStore(saved.work_dir).path(4)).unlink()  # as if the run had been killed before
    assert SSLRunner.from_cfg(first).resume_point.path.name == 'epoch_3_iter_13.pth'
    keep_only(saved, 'epoch_3_iter_13.pth')  # it is known by its path, too: old ones are deleted
    runner = SSLRunner.from_cfg(first)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert any('the newest checkpoint that came of it' in record.getMessage() for record in caplog.records)
    assert torch.equal(last_weights(saved), whole)


def test_a_named_checkpoint_that_nothing_came_of(saved):
    assert SSLRunner.from_cfg(named(saved, 'epoch_3_iter_13.pth')).resume_point.path.name == 'epoch_3_iter_13.pth'
    with pytest.raises(CheckpointError, match=r'There is no checkpoint ".*epoch_9\.pth"'):
        SSLRunner.from_cfg(named(saved, 'epoch_9.pth'))


def test_a_damaged_descendant_is_passed_over(saved):
    first = named(saved, 'epoch_1_iter_5.pth')
    SSLRunner.from_cfg(first).train()
    newest = CheckpointStore(saved.work_dir).checkpoints()[-1]
    newest.write_bytes(newest.read_bytes()[:-1000])
    point = SSLRunner.from_cfg(first).resume_point
    assert point.path.name == 'epoch_3_iter_13.pth'
    assert 'epoch_4.pth" is damaged' in point.notes[0]


def test_a_checkpoint_of_elsewhere_sets_the_folders_own_aside_once(saved, tmp_path):
    elsewhere = tmp_path / 'elsewhere.pth'
    elsewhere.write_bytes((CheckpointStore(saved.work_dir).path(2)).read_bytes())
    saved.load_from = str(elsewhere)
    for _ in range(2):
        runner = SSLRunner.from_cfg(saved)
        runner.train()
        assert runner.iter == 16
        folder = CheckpointStore(saved.work_dir).folder
        assert len(list(folder.glob('*.superseded*'))) == 4  # nothing of the second start, which goes on from the end
    assert runner.resume_point.path.name == 'epoch_4.pth'


def test_changes_are_accepted_once(saved):
    """The named checkpoint is written anew, and kept."""
    first = named(saved, 'epoch_2.pth')
    first.accept_changes = True
    first.optim_wrapper.optimizer.lr = 1e-2
    before = CheckpointStore(saved.work_dir).path(2).read_bytes()
    SSLRunner.from_cfg(first).train()
    folder = CheckpointStore(saved.work_dir).folder
    assert (folder / 'epoch_2.pth.superseded').read_bytes() == before
    assert SSLRunner.from_cfg(first).resume_point.path.name == 'epoch_4.pth'
    keep_only(saved, 'epoch_2.pth')
    assert SSLRunner.from_cfg(first).resume_point.changes == []


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


def test_a_sealed_file_without_an_entry_is_passed_over(saved):
    store = CheckpointStore(saved.work_dir)
    checkpoint = read_checkpoint(store.path(4))
    del checkpoint['message_hub']
    save_torch(store.path(4), checkpoint)
    point = SSLRunner.from_cfg(saved).resume_point
    assert point.path.name == 'epoch_3_iter_13.pth'
    assert 'message_hub is missing' in point.notes[0]


@pytest.mark.parametrize(
    ('spoil', 'told'),
    [
        (lambda checkpoint: checkpoint['optimizer']['state'][0].update(exp_avg=torch.ones(1, 2)), 'exp_avg of a param'),
        (lambda checkpoint: checkpoint['optimizer'].update(base_param_settings=[1]), 'does not fit the recipe'),
        (lambda checkpoint: checkpoint['rank_buffers'].append({'no.such': torch.ones(1)}), 'does not fit the recipe'),
        (lambda checkpoint: checkpoint['state_dict'].popitem(), 'epoch_2.pth'),
    ],
)
def test_parts_that_do_not_fit_end_in_a_sentence(saved, spoil, told):
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


def test_an_end_without_validation_in_this_folder_is_none(tmp_path):
    cfg = Config(dict(train_cfg=dict(max_epochs=2), val_cfg={}))
    last = Owner('host', 'boot', 1, '', '', finished=(2, 8))
    for folder, over in (('run', True), ('other', False)):
        point = ResumePoint(tmp_path / folder / 'epoch_2.pth', dict(epoch=2, iter=8))
        assert bool(told_as_over(point, cfg, str(tmp_path / 'run'), last)) is over
