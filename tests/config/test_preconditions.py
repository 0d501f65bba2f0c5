import os
from types import SimpleNamespace

import pytest
from mmengine.config import Config

from sslrecipes.config.preconditions import check_evaluates, check_trains, check_weights, work_dir_of
from sslrecipes.errors import CheckpointError, ConfigError, StorageError


def config(**content):
    return Config(content, filename='configs/mine.py', cfg_text='# not read from a file')


def test_the_work_dir_is_the_one_given_or_the_configs_or_named_after_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(work_dir_of(config(work_dir='a'), 'b/c')) == 'b/c'
    assert str(work_dir_of(config(work_dir='a'))) == 'a'
    assert str(work_dir_of(config())) == 'work_dirs/mine'
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('inside', ['', '/run/deep'])
def test_a_work_dir_that_is_a_file_is_refused(tmp_path, inside):
    (tmp_path / 'taken').write_text('')
    with pytest.raises(StorageError, match=r'taken" is a file') as caught:
        work_dir_of(config(work_dir=f'{tmp_path}/taken{inside}'))
    assert caught.value.places == ('work_dir',)


def test_a_work_dir_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda path, mode: path != tmp_path)
    with pytest.raises(StorageError, match='no permission for'):
        work_dir_of(config(), str(tmp_path / 'run'))


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('n' * 260, 'a name is 260 bytes long, of at most 255'),
        ('new/' + 'ü' * 130 + '/run', 'a name is 260 bytes long'),
        ('/'.join(['n' * 200] * 20), 'its path is too long'),
        ('a\0b', 'its name has a null character'),
        ('a\ud800b', 'its name has a character that names of files can not have'),
    ],
    ids=range(5),
)
def test_a_work_dir_with_a_name_that_no_folder_can_have_is_refused(tmp_path, name, reason):
    with pytest.raises(StorageError) as caught:
        work_dir_of(config(), str(tmp_path / name))
    assert reason in str(caught.value)


def test_training_needs_a_recipe_that_trains():
    check_trains(config(train_cfg=dict(max_epochs=1)))
    with pytest.raises(ConfigError, match=r'no train_cfg: use tools/test\.py'):
        check_trains(config(test_cfg=dict()))


def test_what_was_to_be_trained_is_evaluated_from_a_checkpoint_only(tmp_path):
    checkpoint = tmp_path / 'epoch_1.pth'
    checkpoint.write_bytes(b'')
    parts = SimpleNamespace(trains=dict(train_cfg=dict(max_epochs=1), test_dataloader=dict(batch_size=1)))
    check_evaluates(config(test_dataloader=dict(batch_size=1)))
    check_evaluates(config(**parts.trains), str(checkpoint))
    check_evaluates(config(**parts.trains, load_from=str(checkpoint)))
    check_evaluates(config(**parts.trains), 'https://example.org/epoch_1.pth')
    with pytest.raises(CheckpointError, match='give its CHECKPOINT'):
        check_evaluates(config(**parts.trains))
    with pytest.raises(CheckpointError, match=r'no checkpoint "no\.pth"'):
        check_evaluates(config(**parts.trains), 'no.pth')
    with pytest.raises(ConfigError, match='no test_dataloader'):
        check_evaluates(config(train_cfg=dict(max_epochs=1)), str(checkpoint))


def test_a_work_dir_that_tensorboard_cannot_write_to_is_refused():
    with pytest.raises(StorageError, match=r'"runs/caf\\udce9" can not be made: its name is not UTF-8'):
        work_dir_of(config(), 'runs/caf\udce9')


def test_weights_are_a_file_or_an_address(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(CheckpointError, match=r'pipe" is no regular file\.$'):
        check_weights(str(tmp_path / 'pipe'))
    with pytest.raises(CheckpointError, match=r'^There is no checkpoint ".*absent"\.$') as caught:
        check_weights(str(tmp_path / 'absent'), 'load_from')
    assert caught.value.places == ('load_from',)
    check_weights('https://host/a.pth')
