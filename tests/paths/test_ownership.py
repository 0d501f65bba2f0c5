"""One owner of a folder: processes are forked, other machines are played by what their locks would say."""

import errno
import fcntl
import json
import os
import signal
import threading
import time

import pytest

from sslrecipes.errors import StorageError
from sslrecipes.paths import ownership
from sslrecipes.paths.owner import begin_of
from sslrecipes.paths.ownership import NAME, check_unowned, claim


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(ownership, 'SECONDS_TO_WATCH', 0.3)
    monkeypatch.setattr(ownership, 'SECONDS_TO_ANNOUNCE', 0.1)


@pytest.fixture
def without_locks(monkeypatch):
    """A file system that has no locks."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(fcntl, 'flock', refuse)


def in_child(function):
    """Run a function in a forked process, which then waits; return its number, and the function's text or error."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            text = function() or ''
        except StorageError as error:
            text = f'refused: {error}'
        os.write(write, f'{text}\n'.encode())
        signal.pause()
    os.close(write)
    with os.fdopen(read) as stream:
        return pid, stream.readline().strip()


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def try_in_child(folder):
    pid, text = in_child(lambda: claim(folder) and 'claimed')
    kill(pid)
    return text


def write_lock(folder, **changes):
    """Leave the lock of an owner that was not asked to let go."""
    held = claim(folder)
    told = json.loads(held.file.read_text())
    held.withdraw()
    (folder / NAME).write_text(json.dumps({**told, **changes}))
    return told


def test_another_process_is_refused_and_told_of_the_owner(tmp_path):
    held = claim(tmp_path)
    text = try_in_child(tmp_path)
    assert text.startswith(
        f'refused: The work dir "{tmp_path}" belongs to a run that is going on (process {os.getpid()} '
    )
    assert all(part in text for part in (held.owner.host, held.owner.started, '--work-dir', NAME))
    held.release()
    assert try_in_child(tmp_path) == 'claimed'


def test_runners_of_one_process_share_the_folder(tmp_path):
    first, second = claim(tmp_path), claim(tmp_path / '..' / tmp_path.name)
    assert first is second
    first.release()
    assert 'refused' in try_in_child(tmp_path)
    second.release()
    assert try_in_child(tmp_path) == 'claimed'


def test_the_folder_of_a_killed_process_is_free_at_once(tmp_path):
    pid, text = in_child(lambda: claim(tmp_path) and 'claimed')
    assert text == 'claimed'
    with pytest.raises(StorageError, match=f'process {pid} '):
        claim(tmp_path)
    kill(pid)
    claim(tmp_path).release()


def test_data_workers_that_outlive_their_process_hold_nothing(tmp_path):
    def claim_and_fork():
        claim(tmp_path)
        worker = os.fork()
        if not worker:
            signal.pause()
        return str(worker)

    pid, worker = in_child(claim_and_fork)
    kill(pid)
    try:
        claim(tmp_path).release()
    finally:
        os.kill(int(worker), signal.SIGKILL)


def test_a_first_look_refuses_only_what_surely_runs(tmp_path):
    check_unowned(tmp_path / 'nowhere')
    held = claim(tmp_path)
    check_unowned(tmp_path)  # its own
    pid, text = in_child(lambda: check_unowned(tmp_path))
    kill(pid)
    assert f'process {os.getpid()} ' in text
    held.release()
    pid, text = in_child(lambda: check_unowned(tmp_path))
    kill(pid)
    assert text == ''


def test_a_number_of_a_process_that_is_used_again(tmp_path, without_locks):
    write_lock(tmp_path, process=os.getppid(), begun='17')
    claim(tmp_path).release()
    write_lock(tmp_path, process=os.getppid(), begun=begin_of(os.getppid()))
    with pytest.raises(StorageError, match=f'process {os.getppid()} '):
        claim(tmp_path)


def test_another_machine_that_is_silent_holds_nobody_up_for_long(tmp_path):
    write_lock(tmp_path, host='elsewhere', boot='other')
    begin = time.monotonic()
    claim(tmp_path).withdraw()
    assert 0.3 <= time.monotonic() - begin < 3
    os.utime(tmp_path / NAME, (0, 0))  # long ago
    begin = time.monotonic()
    claim(tmp_path).release()
    assert time.monotonic() - begin < 0.3


def test_another_machine_that_gives_signs_of_life(tmp_path):
    write_lock(tmp_path, host='elsewhere', boot='other')
    alive = threading.Timer(0.1, lambda: os.utime(tmp_path / NAME))
    alive.start()
    with pytest.raises(StorageError, match='on "elsewhere"'):
        claim(tmp_path)
    alive.join()


def test_another_machine_that_lets_go_while_it_is_watched(tmp_path):
    write_lock(tmp_path, host='elsewhere', boot='other')
    gone = threading.Timer(0.1, (tmp_path / NAME).unlink)
    gone.start()
    claim(tmp_path).release()
    gone.join()


def test_a_lock_that_is_removed_before_it_is_taken_is_made_anew(tmp_path, monkeypatch):
    take = ownership._take

    def take_late(file, handle):
        monkeypatch.setattr(ownership, '_take', take)
        file.unlink()
        take(file, handle)

    monkeypatch.setattr(ownership, '_take', take_late)
    held = claim(tmp_path)
    assert json.loads(held.file.read_text())['process'] == os.getpid()
    held.release()


def test_another_machine_that_let_go(tmp_path):
    write_lock(tmp_path, host='elsewhere', boot='other', ended='2026-01-01 00:00:00')
    begin = time.monotonic()
    claim(tmp_path).release()
    assert time.monotonic() - begin < 0.3


def test_an_owner_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(ownership, 'SECONDS_BETWEEN_SIGNS', 0.02)
    held = claim(tmp_path)
    os.utime(held.file, (0, 0))
    deadline = time.monotonic() + 5
    while held.file.stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    held.release()
    assert held.file.stat().st_mtime > 0


def test_what_the_last_owner_leaves_behind(tmp_path):
    held = claim(tmp_path / 'run')
    assert held.last is None
    held.withdraw()
    assert list((tmp_path / 'run').iterdir()) == []
    claim(tmp_path / 'run').release(finished=(4, 16))
    before = (tmp_path / 'run' / NAME).read_bytes()
    held = claim(tmp_path / 'run')
    assert held.last.finished == (4, 16)
    assert json.loads(held.file.read_text())['ended'] == ''
    held.withdraw()
    assert (tmp_path / 'run' / NAME).read_bytes() == before


@pytest.mark.parametrize('content', [b'', b'{', b'[]', b'null', b'\xff', b'{"host": 1}'])
def test_a_lock_that_tells_nothing_is_no_obstacle(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    claim(tmp_path).release()


@pytest.mark.parametrize(
    'make', [os.mkfifo, os.mkdir, lambda path: path.symlink_to('/dev/zero'), lambda path: path.symlink_to(path)]
)
def test_a_lock_that_is_no_file(tmp_path, make):
    make(tmp_path / NAME)
    check_unowned(tmp_path)
    with pytest.raises(StorageError, match=rf'can not be used: .*\("{tmp_path / NAME}"\)\.'):
        claim(tmp_path)


@pytest.mark.parametrize('folder', ['file/run', 'x' * 300])
def test_a_folder_that_can_not_be_made(tmp_path, folder):
    (tmp_path / 'file').touch()
    with pytest.raises(StorageError, match='can not be used'):
        claim(tmp_path / folder)
