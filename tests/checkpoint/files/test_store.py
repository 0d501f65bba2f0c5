import os
import resource
import shutil
import subprocess

import pytest
import torch
from mmengine.runner import find_latest_checkpoint

from sslrecipes.checkpoint.files import store as store_module
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import StorageError


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / 'run')


def fill(store, *positions):
    for epoch, iteration in positions:
        save_torch(store.path(epoch, iteration), {'meta': {'epoch': epoch, 'iter': iteration}, 'w': torch.ones(50)})


def names(store):
    return [path.name for path in store.checkpoints()]


def spoil(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def test_names_and_order(store):
    assert names(store) == []
    fill(store, (10, None), (2, None), (2, 30), (2, 4), (0, 7), (9, None))
    store.path(1, 1234).with_name('best_accuracy_epoch_3.pth').touch()
    (store.folder / 'epoch_3.pth.bak').touch()
    assert names(store) == [
        'epoch_0_iter_7.pth',
        'epoch_2.pth',
        'epoch_2_iter_4.pth',
        'epoch_2_iter_30.pth',
        'epoch_9.pth',
        'epoch_10.pth',
    ]


def test_runs_that_count_no_epochs(store):
    for iteration in (1000, 20, 300):
        save_torch(store.path(0, iteration, by_epoch=False), {})
    assert names(store) == ['iter_20.pth', 'iter_300.pth', 'iter_1000.pth']


def test_newest_good_falls_back_and_tells_of_each_file(store):
    assert store.newest_good() == (None, [])
    fill(store, (1, None), (2, None), (2, 5), (3, None))
    assert store.newest_good() == (store.path(3), [])
    spoil(store.path(3))
    store.path(2, 5).write_bytes(b'')
    path, refused = store.newest_good()
    assert path == store.path(2)
    assert [str(store.path(3)) in refused[0], 'damaged' in refused[0]] == [True, True]
    assert [str(store.path(2, 5)) in refused[1], 'is empty' in refused[1]] == [True, True]


def test_newest_good_wants_a_digest(store):
    fill(store, (1, None))
    torch.save({}, store.path(2))
    path, refused = store.newest_good()
    assert path == store.path(1)
    assert 'carries no digest' in refused[0]


def test_no_good_one_at_all(store):
    fill(store, (1, None), (2, None))
    for path in store.checkpoints():
        spoil(path)
    path, refused = store.newest_good()
    assert path is None
    assert len(refused) == 2


@pytest.mark.parametrize(
    ('keep_last', 'options', 'left'),
    [
        (1, {}, ['epoch_6.pth']),
        (2, {}, ['epoch_5.pth', 'epoch_6.pth']),
        (9, {}, ['epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth', 'epoch_4_iter_9.pth', 'epoch_5.pth', 'epoch_6.pth']),
        (1, {'keep_every': 2}, ['epoch_2.pth', 'epoch_6.pth']),
        (1, {'keep': ['epoch_3.pth', 'epoch_9.pth']}, ['epoch_3.pth', 'epoch_6.pth']),
        (2, {'keep_every': 1, 'keep': ['epoch_4_iter_9.pth']},
         ['epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth', 'epoch_4_iter_9.pth', 'epoch_5.pth', 'epoch_6.pth']),
    ],
)  # fmt: skip
def test_retention(store, keep_last, options, left):
    fill(store, (1, None), (2, None), (3, None), (4, 9), (5, None), (6, None))
    before = set(names(store))
    deleted = store.prune(keep_last, **options)
    assert names(store) == left
    assert {path.name for path in deleted} == before - set(left)


def test_nothing_is_deleted_as_long_as_the_newest_is_bad(store, monkeypatch):
    logged = []
    monkeypatch.setattr(store_module, 'print_log', lambda text, logger, level: logged.append(text))
    fill(store, (1, None), (2, None), (3, None))
    spoil(store.path(3))
    assert store.prune(1) == []
    assert names(store) == ['epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth']
    assert len(logged) == 1
    assert str(store.path(3)) in logged[0]
    fill(store, (3, None))
    assert store.prune(1) == [store.path(1), store.path(2)]


def test_folder_that_is_read_only_ends_no_run(store, monkeypatch):
    logged = []
    monkeypatch.setattr(store_module, 'print_log', lambda text, logger, level: logged.append(text))
    fill(store, (1, None), (2, None))

    def refuse(path, missing_ok):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(type(store.folder), 'unlink', refuse)
    assert store.prune(1) == []
    assert 'Permission denied' in logged[0]


def test_debris_of_the_dead_goes_that_of_the_living_stays(store):
    fill(store, (1, None))
    dead = subprocess.Popen(['true'])
    dead.wait()
    living = os.getppid()
    for process in (dead.pid, living, os.getpid()):
        (store.folder / f'.epoch_2.pth.{process}.tmp').touch()
    (store.folder / '.hidden').touch()
    removed = store.remove_debris()
    assert {path.name for path in removed} == {f'.epoch_2.pth.{process}.tmp' for process in (dead.pid, os.getpid())}
    assert {path.name for path in store.folder.iterdir()} == {'epoch_1.pth', '.hidden', f'.epoch_2.pth.{living}.tmp'}


def test_debris_of_a_folder_that_is_not_there(store):
    assert store.remove_debris() == []


def test_space(store, monkeypatch):
    free = shutil.disk_usage(store.folder.parent).free
    store.check_space(1000)
    assert list(store.folder.iterdir()) == []
    with pytest.raises(StorageError, match=r'MiB, but only [\d,]+ MiB is free in ".*run": make room'):
        store.check_space(2 * free)
    monkeypatch.setattr(resource, 'getrlimit', lambda kind: (5 << 20, resource.RLIM_INFINITY))
    with pytest.raises(StorageError, match=r'6 MiB, but only 5 MiB is allowed for a file \(ulimit -f\)'):
        store.check_space(6 << 20)


def test_space_in_what_is_no_folder(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(StorageError, match='Could not write'):
        CheckpointStore(tmp_path / 'file' / 'run').check_space(1)


def test_pointer_is_mmengines(store):
    fill(store, (3, None))
    store.point_to(store.path(3))
    assert find_latest_checkpoint(str(store.folder)) == str(store.path(3))


def test_a_pipe_is_no_checkpoint(tmp_path):
    os.mkfifo(tmp_path / 'epoch_1.pth')
    assert CheckpointStore(tmp_path).newest_good() == (None, [f'"{tmp_path}/epoch_1.pth" is no regular file.'])
