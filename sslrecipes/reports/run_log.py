"""What the logs of a run tell beside its scalars."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

#: A line of MMEngine's log file: time, level, message.
_LINE = re.compile(r'(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - \S+ - ([A-Z]+) - (.*)')
_FACT = re.compile(r'    (Python|PyTorch|TorchVision|MMEngine|GPU [\d,]+|seed|Distributed training): (.+)')
_WARNINGS = 20
SKIPPED, COLLAPSED = 'Not finite in iteration ', 'The network has collapsed by iteration '


@dataclass
class RunLog:
    """What the logs tell.

    Attributes:
        starts: Times that the run was started.
        seconds: From the first line of each start to its last.
        warnings: The first ones, each once.
        skipped: Number of steps that weren't taken because they weren't finite.
        collapse: The warning of the collapse, if there was one.
        environment: Of the last start.
    """

    starts: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    skipped: int = 0
    collapse: str = ''
    environment: dict[str, str] = field(default_factory=dict)


def read_log(folder: Path) -> RunLog:
    """Read the log files of all starts of a run, the first one first."""
    found = RunLog()
    for file in sorted(folder.glob('*/*.log')):
        found.starts += 1
        times: list[datetime] = []
        for line in _lines(file):
            if fact := _FACT.fullmatch(line):
                found.environment[fact[1]] = fact[2].split(' (')[0]
            elif told := _LINE.match(line):
                times.append(datetime.strptime(told[1], '%Y/%m/%d %H:%M:%S'))
                if told[2] != 'INFO':
                    _note(found, told[3])
        found.seconds += (times[-1] - times[0]).total_seconds() if times else 0.0
    return found


def _note(found: RunLog, message: str) -> None:
    if message.startswith(SKIPPED):
        found.skipped += 1
    elif message.startswith(COLLAPSED):
        found.collapse = message
    elif len(found.warnings) < _WARNINGS and message not in found.warnings:
        found.warnings.append(message)


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding='utf-8', errors='replace') as stream:
        yield from (line.rstrip('\n') for line in stream)


def duration(seconds: float) -> str:
    """Write a time: ``45 s``, ``12 min``, ``3.4 h``."""
    for size, unit in ((3600, 'h'), (60, 'min')):
        if seconds >= 2 * size:
            return f'{seconds / size:.1f} {unit}'
    return f'{seconds:.0f} s'


def environment_of(logs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Put the environments of several runs together; what differs is told of each."""
    merged: dict[str, list[str]] = {}
    for facts in logs:
        for name, value in facts.items():
            if value not in merged.setdefault(name, []):
                merged[name].append(value)
    return {name: ' / '.join(values) for name, values in merged.items()}
