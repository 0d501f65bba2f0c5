"""The page of tools: those in Python from their argument parsers, those in bash from the comment at their head."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path
from textwrap import dedent
from unittest.mock import patch

from docstrings import as_cell

#: What other tools start: nobody calls them.
INNER = ('dist_launch.sh', 'setup_env.sh', 'torchrun.py')
#: Further command lines of a tool, by the words that they begin with.
MODES = {'benchmark.py': ['data']}
_USAGE = re.compile(r'^(?:  \S.*\n?|      .*\n?)+', re.MULTILINE)


class _Parsed(Exception):  # noqa: N818  not an error: a tool has made its parser
    """Carries the parser."""


def tool_list(root: Path) -> str:
    """A section for each tool."""
    paths = [path for path in (root / 'tools').iterdir() if path.suffix in ('.py', '.sh') and path.name not in INNER]
    sections = []
    for path in sorted(paths):
        if path.suffix == '.sh':
            sections.append(_of_bash(path))
        else:
            sections.extend(_of_python(path, words) for words in ([], *([mode] for mode in MODES.get(path.name, []))))
    return '\n\n'.join(sections)


def _of_bash(path: Path) -> str:
    lines = path.read_text(encoding='utf-8').splitlines()[1:]
    head = lines[: next(number for number, line in enumerate(lines) if not line.startswith('#'))]
    text = '\n'.join(line.removeprefix('#').removeprefix(' ') for line in head)
    return f'## {path.name}\n\n' + _USAGE.sub(lambda found: f'```text\n{dedent(found[0])}```\n', text)


def _of_python(path: Path, words: Sequence[str]) -> str:
    parser = _parser(path, words)
    rows = [f'| {name} | {text} |' for name, text in _arguments(parser)]
    title = ' '.join([path.name, *words])
    table = '\n'.join(['| argument | |', '| --- | --- |', *rows])
    return '\n\n'.join([f'## {title}', *map(_paragraph, (parser.description or '').split('\n\n')), table])


def _paragraph(text: str) -> str:
    """A paragraph of a description, or commands."""
    return f'```text\n{dedent(text).strip()}\n```' if text.startswith((' ', 'python ')) else as_cell(text)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """How each argument is written, and what it is for."""
    formatter = parser.formatter_class(prog=parser.prog)
    for action in parser._actions:
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction):
            names = [name for name in action.option_strings if name.startswith('-')] or [_value(action, formatter)]
            value = '' if not action.option_strings or action.nargs == 0 else f' {_value(action, formatter)}'
            text = formatter._expand_help(action) if action.help else ''
            yield as_cell(', '.join(f'`{name}{value}`' for name in names)), as_cell(text)


def _value(action: argparse.Action, formatter: argparse.HelpFormatter) -> str:
    return formatter._format_args(action, formatter._get_default_metavar_for_optional(action))


def _parser(path: Path, words: Sequence[str]) -> argparse.ArgumentParser:
    """Let a tool make its parser."""

    def stop(parser: argparse.ArgumentParser, *_: object) -> None:
        raise _Parsed(parser)

    spec = util.spec_from_file_location(f'tool_{path.stem}', path)
    assert spec
    assert spec.loader
    tool = util.module_from_spec(spec)
    with patch.object(argparse.ArgumentParser, 'parse_args', stop), patch.object(sys, 'argv', [path.name, *words]):
        try:
            spec.loader.exec_module(tool)
            tool.main()
        except _Parsed as parsed:
            parser: argparse.ArgumentParser = parsed.args[0]
            return parser
    raise AssertionError(f'{path.name} reads no command line')
