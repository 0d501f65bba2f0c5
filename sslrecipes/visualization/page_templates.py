"""Pages from templates: one look for all of them, nothing is loaded from elsewhere, every text is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sslrecipes.visualization.labels import visible_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / 'templates'
#: What in a sentence is an address, or a paper on arXiv.
_ADDRESS = re.compile(r'(https?://[^\s<>"]*[^\s<>"\').,;:]|arXiv:\d{4}\.\d{4,5}(?:v\d+)?)')


def render(template: str, *folders: Path, **values: Any) -> str:
    """Fill a template, which extends ``page.html``.

    The page's policy lets browsers load nothing, run nothing and apply no style but the one inside, which it knows by
    its digest: ``style`` attributes have no effect.

    Args:
        template: Its name.
        *folders: Where it lies, if not beside ``page.html``.
        **values: What it is filled with. Texts are plain: they are escaped, and what can't be encoded or would change
            the order of the letters around it is made visible.

    Returns:
        The HTML document.
    """
    environment = _environment(folders)
    style = environment.get_template('style.css').render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template(template).render(style=style, style_digest=digest, **values)


def linked(text: str) -> Markup:
    """Make links of the addresses and of the papers on arXiv in a plain text."""
    from markupsafe import Markup

    parts = _ADDRESS.split(visible_text(text))
    link = Markup('<a href="{}" rel="noreferrer">{}</a>')
    address = [part.replace('arXiv:', 'https://arxiv.org/abs/') for part in parts]
    return Markup('').join(link.format(address[index], part) if index % 2 else part for index, part in enumerate(parts))


@lru_cache
def _environment(folders: tuple[Path, ...]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # imported here because tools start without it

    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['linked'] = linked
    return environment


def _finalized(value: Any) -> Any:
    return visible_text(value) if type(value) is str else value
