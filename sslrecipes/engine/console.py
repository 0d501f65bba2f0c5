"""What of mmengine's messages the console shows, and how."""

from __future__ import annotations

import logging

from mmengine.logging.logger import MMFormatter

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


class ConsoleFormatter(MMFormatter):
    """mmengine's format without the logger's name, and without the level where that is the usual one."""

    def __init__(self, color: bool = True) -> None:
        super().__init__(color=color, datefmt='%m/%d %H:%M:%S')
        self.info_format = '%(asctime)s - %(message)s'
        for name in ('warn_format', 'err_format'):
            setattr(self, name, getattr(self, name).replace('%(name)s - ', ''))
