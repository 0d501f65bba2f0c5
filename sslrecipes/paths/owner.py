"""Who owns a run's folder, as its lock tells: a process, of a machine since its start."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any


@dataclass
class Owner:
    """Who holds a folder, as its lock tells.

    Args:
        host: Name of the machine.
        boot: What tells the machine, since it was started, from all others.
        process: Number of the process on it.
        begun: When the process began, in ticks since then: numbers are used again.
        started: Local time of the claim.
        ended: Local time of its end; empty while it lasts, and after a kill.
        finished: Whole epochs and micro-batches at the end of a run that is over, validation included.
    """

    host: str
    boot: str
    process: int
    begun: str
    started: str
    ended: str = ''
    finished: tuple[int, int] | None = None

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, since its start."""
        return self.boot == boot_of_machine()

    @property
    def is_alive(self) -> bool:
        """Whether it is a process of this machine that still runs."""
        return self.is_here and not self.ended and self.begun == begin_of(self.process) != ''

    def __str__(self) -> str:
        return f'process {self.process} on "{self.host}", since {self.started}'


def read_owner(content: bytes) -> Owner | None:
    """Read a lock; ``None`` if it tells nothing, because it was just made or cut."""
    try:
        told: dict[str, Any] = json.loads(content)
        owner = Owner(**{field.name: told[field.name] for field in fields(Owner)})
        owner.process = int(owner.process)
        owner.finished = (int(owner.finished[0]), int(owner.finished[1])) if owner.finished else None
    except (ValueError, TypeError, KeyError, IndexError):
        return None
    return owner


def lock_text(owner: Owner) -> bytes:
    """Write what a lock tells."""
    return json.dumps(asdict(owner), indent=2).encode() + b'\n'


@cache
def boot_of_machine() -> str:
    """Return what tells this machine, since it was started, from all others."""
    try:
        return Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    except OSError:
        return platform.node()


def begin_of(process: int) -> str:
    """Return when a process of this machine began, in ticks since the machine's start; empty if there is none."""
    try:
        state, *fields_of_stat = Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return ''
    return '' if state in 'ZX' else fields_of_stat[18]
