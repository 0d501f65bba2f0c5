"""The checkpoint that a run goes on from."""

import logging

import pytest
import torch
from mmengine.config import Config

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.restart.resume_point import ResumePoint, told_as_over
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError
from sslrecipes.paths.owner import Owner


def test_damaged_checkpoint_is_passed_over_and_named(saved, caplog, last_weights):
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


def test_weights_alone_are_no_run(mae_on_digits, tmp_path):
    mae_on_digits.resume = True
    mae_on_digits.load_from = str(save_torch(tmp_path / 'weights.pth', {'meta': {'epoch': 1}, 'state_dict': {}}))
    with pytest.raises(CheckpointError, match='no run to go on with'):
        SSLRunner.from_cfg(mae_on_digits)


def named(cfg, name):
    """The config of a start that was told to go on from a checkpoint of the run."""
    cfg = cfg.copy()
    cfg.load_from = str(CheckpointStore(cfg.work_dir).folder / name)
    return cfg


def test_a_named_checkpoint_is_gone_on_from_once(saved, caplog, last_weights, keep_only):
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


def test_changes_are_accepted_once(saved, keep_only):
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


def test_a_sealed_file_without_an_entry_is_passed_over(saved):
    store = CheckpointStore(saved.work_dir)
    checkpoint = read_checkpoint(store.path(4))
    del checkpoint['message_hub']
    save_torch(store.path(4), checkpoint)
    point = SSLRunner.from_cfg(saved).resume_point
    assert point.path.name == 'epoch_3_iter_13.pth'
    assert 'message_hub is missing' in point.notes[0]


def test_an_end_without_validation_in_this_folder_is_none(tmp_path):
    cfg = Config(dict(train_cfg=dict(max_epochs=2), val_cfg={}))
    last = Owner('host', 'boot', 1, '', '', finished=(2, 8))
    for folder, over in (('run', True), ('other', False)):
        point = ResumePoint(tmp_path / folder / 'epoch_2.pth', dict(epoch=2, iter=8))
        assert bool(told_as_over(point, cfg, str(tmp_path / 'run'), last)) is over
