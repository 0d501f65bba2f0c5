"""A report as Markdown, as GitHub shows it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np

from sslrecipes.reports.axes import is_finite, short_number
from sslrecipes.reports.cells import Cell, shown_table
from sslrecipes.reports.contents import Chart, Finding, Line, Picture, Report, RunPart, Setting, Table, Verdict
from sslrecipes.reports.verdicts import CLAIM_WORDS, WORDS
from sslrecipes.visualization.labels import visible_text
from sslrecipes.visualization.tables import markdown_table

#: Characters that begin something in Markdown wherever they stand, and an underscore at the edge of a word.
_SPECIAL = re.compile(r'[\\`*\[\]<>|~$&]|(?<!\w)_|_(?!\w)')
#: Beginnings of a line that make it a heading, an entry of a list, a rule, or a heading of the line above.
_BEGINNING = re.compile(r'(?:#{1,6}|[-+]|\d+[.)])(?=\s|$)|(?:-+|=+)$')
_MARKS = {'good': '✅', 'bad': '❌', 'unclear': '❔', 'fact': '▪️'}


def markdown_report(report: Report, folder: Path) -> str:
    """Write a report as Markdown.

    Args:
        report: What it says.
        folder: Where the text will lie; pictures are linked from there.
    """
    blocks = [f'# {plain(report.title)}', plain(report.lead), *_claim(report)]
    findings = report.findings[1:] if report.claim else report.findings
    blocks += _section('Results', map(_table, report.tables[:1]))
    blocks += _section('Findings', [_findings(findings)])
    blocks += _section('More tables', map(_table, report.tables[1:]))
    blocks += _section('Curves', map(_chart, report.charts))
    blocks += _section('Pictures', (_picture(picture, folder) for picture in report.pictures))
    blocks += _section('Runs', (_run(run, report.findings) for run in report.runs))
    blocks += _section('Environment', [_facts(report.environment)])
    blocks += _section('Commands', [_commands(report.commands)])
    return '\n\n'.join(filter(None, blocks)) + '\n'


def plain(text: str) -> str:
    """Escape a text so that Markdown shows it as it is, in one line, wherever that begins."""
    line = inline(text)
    beginning = _BEGINNING.match(line)
    return f'{line[: beginning.end() - 1]}\\{line[beginning.end() - 1 :]}' if beginning else line


def inline(text: str) -> str:
    """Likewise for a text within a line."""
    line = ' '.join(visible_text(text).split())
    return _SPECIAL.sub(lambda found: '&lt;' if found[0] == '<' else f'\\{found[0]}', line)


def code(text: str) -> str:
    """Write a text as code, in one line."""
    line = ' '.join(visible_text(text).split())
    fence = '`' * (max(map(len, re.findall('`+', line)), default=0) + 1)
    room = ' ' if line.startswith('`') or line.endswith('`') else ''
    return f'{fence}{room}{line}{room}{fence}' if line else ''


def _section(title: str, parts: Sequence[str] | Iterator[str]) -> list[str]:
    filled = list(filter(None, parts))
    return [f'## {title}', *filled] if filled else []


def _claim(report: Report) -> Iterator[str]:
    if not report.claim:
        return
    source = f' ({plain(report.source)})' if report.source else ''
    yield f'> {plain(report.claim)}{source}'
    if report.findings:
        yield _finding(report.findings[0], CLAIM_WORDS)


def _finding(finding: Finding, words: Mapping[Verdict, str]) -> str:
    return (
        f'{_MARKS[finding.verdict]} **{words[finding.verdict]}** — *{plain(finding.question)}* {plain(finding.answer)}'
    )


def _findings(findings: Sequence[Finding]) -> str:
    return '\n'.join(f'- {_finding(finding, WORDS)}' for finding in findings)


def _table(table: Table) -> str:
    shown = shown_table(table)
    rows = [list(map(_cell, cells)) for cells in shown.rows]
    return _block(table.title, markdown_table([*map(inline, table.columns)], rows), plain(shown.note))


def _cell(cell: Cell) -> str:
    value = inline(cell.value)
    return f'{f"**{value}**" if cell.best else value} {inline(cell.spread)}'.rstrip()


def _chart(chart: Chart) -> str:
    """Write a chart as a table of where its lines begin and end, and between which values they run."""
    unit = inline(chart.unit)
    columns = ['run', f'first {unit}', 'value', f'last {unit}', 'value', 'lowest', 'highest', 'not finite']
    rows = [[inline(line.name), *_extent(line)] for line in chart.lines]
    levels = [f'- level {plain(name)}: {short_number(value)}' for name, value in chart.levels.items()]
    return _block(chart.title, markdown_table(columns, rows), '\n'.join(levels), plain(chart.note))


def _extent(line: Line) -> list[str]:
    good = is_finite(line.values)
    steps, values = np.asarray(line.steps, float)[good], np.asarray(line.values, float)[good]
    numbers = [steps[0], values[0], steps[-1], values[-1], values.min(), values.max()] if len(values) else []
    return [*map(short_number, numbers), *['-'] * (6 - len(numbers)), str(len(good) - len(values))]


def _picture(picture: Picture, folder: Path) -> str:
    path = os.path.relpath(picture.file, folder)
    link = f'![{plain(picture.title)}]({quote(os.fsencode(path))})'
    return _block(picture.title, link, plain(picture.caption))


def _run(run: RunPart, told: Sequence[Finding]) -> str:
    findings = [] if [*run.findings] == [*told] else run.findings
    parts = [_findings(findings), _facts(run.facts), _settings(run.settings), _commands(run.commands)]
    return _block(run.name, code(run.folder), *parts)


def _block(title: str, *parts: str) -> str:
    return '\n\n'.join(filter(None, [f'### {plain(title)}', *parts]))


def _settings(settings: Sequence[Setting]) -> str:
    if not settings:
        return ''
    rows = [
        [_code_cell(one.place), _code_cell(one.value), _code_cell(one.base), inline(one.origin)] for one in settings
    ]
    return markdown_table(['setting', 'value', 'in the base', 'set by'], rows)


def _code_cell(text: str | None) -> str:
    return '(none)' if text is None else code(text).replace('|', '\\|')


def _facts(facts: Mapping[str, str]) -> str:
    return '\n'.join(f'- {plain(name)}: {plain(value)}' for name, value in facts.items())


def _commands(commands: Sequence[str]) -> str:
    if not commands:
        return ''
    text = '\n'.join(map(visible_text, commands))
    fence = '`' * max(3, max(map(len, re.findall('`+', text)), default=0) + 1)
    return f'{fence}bash\n{text}\n{fence}'
