"""Pages and files outside ``docs/``: the site has them at their path in the repository, and links lead to them.

A page links to others by relative paths, as GitHub wants them. Here each link gets the path that its target has in the
site; MkDocs then tells which of them lead nowhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
#: Documents that are pages beside those of ``docs/``.
PAGES = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'configs/*/README.md', 'projects/**/README.md')
#: Targets of inline links and of references, and fenced code, which has none.
_LINK = re.compile(r'^```.*?^```|(?<=\]\()[^)\s]+(?=\))|(?<=\]: )\S+$', re.MULTILINE | re.DOTALL)
_OF_THE_WEB = re.compile(r'[a-z]+:|#')
#: Sidebars that are empty, or take room that wide tables need.
HIDDEN = {'README.md': ['navigation'], 'model_zoo.md': ['navigation']}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents outside ``docs/``, and the files of the repository that any document links to."""
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            files.append(_file(path.relative_to(ROOT).as_posix(), config))
    for page in list(files.documentation_pages()):
        _replace_links(page, page.content_string, lambda target: _add(target, files, config))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links lead to where the site has their targets, and hide sidebars."""
    page.meta['hide'] = HIDDEN.get(page.file.src_uri, [])
    folder = posixpath.dirname(page.file.src_uri)
    return _replace_links(page.file, markdown, lambda target: posixpath.relpath(_in_site(target), folder))


def _file(uri: str, config: MkDocsConfig) -> File:
    return File(uri, src_dir=str(ROOT), dest_dir=config.site_dir, use_directory_urls=config.use_directory_urls)


def _add(target: str, files: Files, config: MkDocsConfig) -> str:
    """Add a file that a page links to, unless the site has it anyway."""
    if (ROOT / target).is_file() and files.get_file_from_path(_in_site(target)) is None:
        files.append(_file(target, config))
    return target


def _in_site(target: str) -> str:
    """Path in the site of a path in the repository. A folder is shown by its README."""
    if (ROOT / target / 'README.md').is_file():
        target = posixpath.join(target, 'README.md')
    return target.removeprefix('docs/')


def _replace_links(page: File, markdown: str, new: Callable[[str], str]) -> str:
    """Text of a page with another target, as a path in the repository, for each link to a file."""
    folder = Path(page.abs_src_path or '').parent.relative_to(ROOT).as_posix()

    def replace(found: re.Match[str]) -> str:
        if found[0].startswith('```') or _OF_THE_WEB.match(found[0]):
            return found[0]
        path, hash_sign, anchor = unquote(found[0]).partition('#')
        return new(posixpath.normpath(posixpath.join(folder, path))) + hash_sign + anchor

    return _LINK.sub(replace, markdown)
