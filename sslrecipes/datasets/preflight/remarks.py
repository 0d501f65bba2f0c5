"""What a look at a data set found that may be meant."""

from __future__ import annotations

import logging
from typing import NamedTuple


class Remark(NamedTuple):
    """A sentence for the log of the run.

    Attributes:
        text: The sentence.
        level: Its level, such as ``logging.INFO``.
    """

    text: str
    level: int = logging.WARNING
