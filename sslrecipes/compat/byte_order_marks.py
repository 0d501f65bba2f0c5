"""Let config files begin with a byte order mark, as some editors write them and as Python runs them.

Upstream (mmengine 0.10.12, ``config/config.py``): ``Config`` reads its files as plain UTF-8, so that the mark becomes a
character that is no Python. Each file of any format goes through ``_substitute_predefined_vars``, which writes the text
down anew for all that is done with it later.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from mmengine.config import Config

_substitute = Config._substitute_predefined_vars


def install() -> None:
    """Leave the mark out of the text; a second call changes nothing."""
    Config._substitute_predefined_vars = staticmethod(_without_mark)


def _without_mark(filename: str, temp_config_name: str) -> None:
    _substitute(filename, temp_config_name)
    written = Path(temp_config_name)
    content = written.read_bytes()
    if content.startswith(codecs.BOM_UTF8):
        written.write_bytes(content.removeprefix(codecs.BOM_UTF8))
