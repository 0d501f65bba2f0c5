"""Parts of pages that are made from the code; each stands in the place of a marker such as ``<!-- tools -->``."""

from __future__ import annotations

import re
from pathlib import Path

from check_list import check_list
from component_list import component_list
from hook_list import hook_list
from option_list import option_list
from tool_list import tool_list

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    'checks': check_list,
    'components': component_list,
    'hooks': hook_list,
    'options': option_list,
    'tools': tool_list,
}
_MARKER = re.compile(rf'^<!-- ({"|".join(PARTS)}) -->$', re.MULTILINE)


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill the markers."""
    return _MARKER.sub(lambda found: PARTS[found[1]](ROOT), markdown)
