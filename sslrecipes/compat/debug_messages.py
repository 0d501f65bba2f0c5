"""Keep mmengine's debug messages off the console.

``mmengine.logging.print_log`` without a logger prints whatever the level says, so that each start would show what
mmpretrain, mmdet and mmseg say to their developers ("Could not import OneDL", a package for their own data sets).
"""

from __future__ import annotations

import logging
from typing import Any

import mmengine.logging
from mmengine.logging.logger import print_log as _print_log


def install() -> None:
    """Put :func:`print_log` where the packages will import it from."""
    mmengine.logging.print_log = print_log


def print_log(msg: Any, logger: Any = None, level: int = logging.INFO) -> None:
    """Print or log as upstream, but drop a debug message for which there is no logger."""
    if logger is not None or level > logging.DEBUG:
        _print_log(msg, logger, level)
