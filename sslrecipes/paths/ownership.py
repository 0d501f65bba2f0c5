"""One owner of a run's folder at a time.

The lock is one of the kernel's, which ends with its process however that ends. Where it says nothing, because the file
system has none or another machine doesn't see it, the file tells who holds it, and its time of change is a sign of life
that the owner renews; other machines wait for a change of it and compare no clocks.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import stat
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sslrecipes.errors import StorageError
from sslrecipes.paths.owner import Owner, begin_of, boot_of_machine, lock_text, read_owner

NAME = '.run.lock'
SECONDS_BETWEEN_SIGNS = 20.0
SECONDS_TO_WATCH = 90.0
"""A process of another machine that gave no sign for so long is dead."""
SECONDS_FORGOTTEN = 3600.0
"""After so long without a sign, more than clocks differ, nobody needs to wait."""
SECONDS_TO_ANNOUNCE = 2.0
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class Claim:
    """A folder that belongs to this process, see :func:`claim`; all its runners share it.

    Args:
        file: The lock.
        handle: Its descriptor.
    """

    def __init__(self, file: Path, handle: int) -> None:
        self.file = file
        self.users = 0
        self._handle = handle
        self._left_behind = _content(handle)
        self.owner = Owner(platform.node(), boot_of_machine(), os.getpid(), begin_of(os.getpid()), _now())
        self._ended = threading.Event()

    @property
    def last(self) -> Owner | None:
        """The last owner that let go, or was killed."""
        return read_owner(self._left_behind)

    def announce(self) -> None:
        """Write who the owner is, and give signs of life from now on."""
        self._write(lock_text(self.owner))
        threading.Thread(target=self._give_signs, name='run lock', daemon=True).start()

    def release(self, finished: tuple[int, int] | None = None) -> None:
        """Release the folder, if this is the last user of it in this process.

        Args:
            finished: Whole epochs and micro-batches done, if the run is over.
        """
        self._left_behind = lock_text(replace(self.owner, ended=_now(), finished=finished))
        self.withdraw()

    def withdraw(self) -> None:
        """Release the folder as if it had not been claimed: the lock file becomes what it was before."""
        self.users -= 1
        if self.users or _CLAIMS.get(self.file) is not self:  # a forked process has what its parent owns, too
            return
        del _CLAIMS[self.file]
        self._ended.set()
        with suppress(StorageError, OSError):  # a lock of a dead process at worst
            if self._left_behind:
                self._write(self._left_behind)
            else:
                self.file.unlink()
        os.close(self._handle)

    def _write(self, content: bytes) -> None:
        try:
            os.pwrite(self._handle, content, 0)
            os.ftruncate(self._handle, len(content))
        except OSError as error:
            raise StorageError(f'Could not write "{self.file}": {error.strerror}.') from error

    def _give_signs(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_SIGNS):
            with suppress(OSError):
                os.utime(self.file)


_CLAIMS: dict[Path, Claim] = {}


def claim(folder: str | Path) -> Claim:
    """Make this process the owner of a run's folder, or one more user of it if it is the owner.

    A lock of a process that died doesn't hold anyone up. One of another machine does for some time, until it is sure
    that it gives no sign of life any more.

    Args:
        folder: The folder, which is made if it isn't there.

    Raises:
        StorageError: Another process owns it, or the lock can't be written.
    """
    file = Path(folder).resolve() / NAME
    if file not in _CLAIMS:
        _CLAIMS[file] = _claimed(file)
    held = _CLAIMS[file]
    held.users += 1
    return held


def check_unowned(folder: str | Path) -> None:
    """Check that no other process of this machine owns a folder; a first look, which takes no time.

    Raises:
        StorageError: One does.
    """
    file = Path(folder).resolve() / NAME
    try:
        owner = read_owner(file.read_bytes()) if file.is_file() else None
    except OSError:  # whoever claims it will say why
        return
    if owner and owner.is_alive and owner.process != os.getpid():
        raise StorageError(_refusal(file, owner))


def _claimed(file: Path) -> Claim:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        while True:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise OSError(errno.EINVAL, 'its lock is no regular file, remove it', str(file))
                _take(file, handle)
                if _is_still_there(file, handle):
                    found = Claim(file, handle)
                    found.announce()
                    return found
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
    except OSError as error:
        about = f' ("{error.filename}")' if error.filename else ''
        raise StorageError(
            f'The work dir "{file.parent}" can not be used: {error.strerror or error}{about}.'
        ) from error


def _is_still_there(file: Path, handle: int) -> bool:
    """Whether the locked file is the one that others will find; its last owner may have removed it meanwhile."""
    try:
        return os.path.samestat(file.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _take(file: Path, handle: int) -> None:
    """Lock the file, unless its owner is alive."""
    owner = read_owner(_content(handle))
    if owner and not owner.is_here and not owner.ended and _gives_signs(file, owner):
        raise StorageError(_refusal(file, owner))
    locked, deadline = _lock(handle), time.monotonic() + SECONDS_TO_ANNOUNCE
    while locked is False and not (owner and owner.is_alive) and time.monotonic() < deadline:
        time.sleep(0.05)  # whoever took it a moment ago is about to say so
        locked, owner = _lock(handle), read_owner(_content(handle))
    if locked is False or (locked is None and owner and owner.is_alive):
        raise StorageError(_refusal(file, owner))


def _lock(handle: int) -> bool | None:
    """Try to lock an open file; ``None`` if the file system can't."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


def _gives_signs(file: Path, owner: Owner) -> bool:
    """Watch a lock of another machine for a sign of life."""
    first = _last_sign(file)
    if time.time() - first > SECONDS_FORGOTTEN:
        return False
    from mmengine.logging import print_log  # which takes torch

    print_log(
        f'"{file.parent}" was last used by {owner}: waiting up to {SECONDS_TO_WATCH:.0f} s for a sign of life. If that '
        f'process has ended, you can remove "{file}".'
    )
    deadline = time.monotonic() + SECONDS_TO_WATCH
    while time.monotonic() < deadline:
        time.sleep(min(1.0, SECONDS_TO_WATCH / 10))
        if (last := _last_sign(file)) != first:
            return bool(last)
    return False


def _last_sign(file: Path) -> float:
    """Time of the last change, asked anew from the file server, which opening a file does; 0 if it was removed."""
    try:
        with file.open('rb') as stream:
            return os.fstat(stream.fileno()).st_mtime
    except FileNotFoundError:
        return 0.0


def _refusal(file: Path, owner: Owner | None) -> str:
    who = str(owner) if owner and not owner.ended else 'another process'
    return (
        f'The work dir "{file.parent}" belongs to a run that is going on ({who}): choose another --work-dir, or end '
        f'that run first; if it is certain that no such process runs any more, remove "{file}".'
    )


def _content(handle: int) -> bytes:
    return os.pread(handle, 1 << 16, 0)


def _now() -> str:
    return time.strftime('%Y-%m-%d %H:%M:%S')


def _leave_to_parent() -> None:
    """In a forked process: it owns nothing, and must not keep the locks when its parent ends."""
    for held in _CLAIMS.values():
        os.close(held._handle)
    _CLAIMS.clear()


os.register_at_fork(after_in_child=_leave_to_parent)
