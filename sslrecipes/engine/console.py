"""What of mmengine's messages the console shows."""

from __future__ import annotations

import logging

#: How messages of mmengine begin that are long or say nothing about the run; the log file has them all.
ONLY_FOR_THE_FILE = (
    '\n' + 60 * '-' + '\nSystem environment',
    'Config:',
    'Hooks will be',
    'Distributed training is not used',
    'Exp name:',
    'paramwise_options -- ',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
)


def is_for_the_console(record: logging.LogRecord) -> bool:
    """Tell whether a log record interests who watches the console."""
    return not record.getMessage().startswith(ONLY_FOR_THE_FILE)
