"""Make the pictures and exports of a study that aren't there yet."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable

from sslrecipes.studies.launching import LOG, last_words
from sslrecipes.studies.processes import start
from sslrecipes.studies.products import Making

_SECONDS_BETWEEN_LOOKS = 0.1


def make_all(makings: Iterable[Making], say: Callable[[str], None]) -> list[str]:
    """Run the tools that make files, one after the other; one that fails doesn't stop the others.

    Args:
        makings: What to make; what is there already, of the same weights, stays.
        say: Hears of each.

    Returns:
        A sentence for each that failed.
    """
    failed = []
    for making in makings:
        if making.commands and not making.is_made:
            begun = time.monotonic()
            why = _make(making)
            say(
                f'{"failed" if why else "made":9} {making.name} in {time.monotonic() - begun:.0f} s{why and ": " + why}'
            )
            if why:
                failed.append(f'{making.name} failed: {why}')
    return failed


def _make(making: Making) -> str:
    """Make a file; returns why that failed, or nothing."""
    making.begin()
    log = making.folder / LOG
    begun = log.stat().st_size if log.is_file() else 0
    for command in making.commands:
        process = start(command, log, {})
        while (code := process.poll()) is None:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        if code:
            words = last_words(log.read_bytes()[begun:].decode(errors='replace'))
            return words if code > 0 else f'ended by {signal.Signals(-code).name}'
    if not making.file.is_file():
        return f'there is no "{making.file}"'
    making.end()
    return ''
