"""What a report says, whatever it looks like: plain values that a page, a Markdown text and a JSON file are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: What an answer amounts to: good, bad, not to be told from these figures, or a plain fact.
Verdict = Literal['good', 'bad', 'unclear', 'fact']


@dataclass(frozen=True)
class Finding:
    """An answer in words.

    Attributes:
        question: Such as "Is it learning?".
        verdict: What the answer amounts to.
        answer: One or two sentences with the reason and the figures, never more certain than these.
    """

    question: str
    verdict: Verdict
    answer: str


@dataclass(frozen=True)
class Table:
    """Rows of text below a line of headings.

    Attributes:
        title: Caption.
        columns: Headings.
        rows: Cells, one for each column.
        note: What a reader must know about the numbers, in a sentence or two.
        best: Places ``(row, column)`` that are the best of their columns.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ''
    best: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class Line:
    """What one run logged of a scalar: ``values[i]`` at ``steps[i]``.

    Attributes:
        name: Of the run.
        steps: In the chart's unit, ascending.
        values: Those that aren't finite leave a gap.
        group: Lines of a group, such as the seeds of one setting, share a colour and a place in the legend.
    """

    name: str
    steps: Sequence[float]
    values: Sequence[float]
    group: str = ''


@dataclass(frozen=True)
class Chart:
    """Lines of several runs in one picture.

    Attributes:
        title: What is drawn, such as "loss".
        unit: Of the steps: "iteration", "epoch".
        lines: One for each run.
        levels: Horizontal lines to compare with, such as the loss of a network that tells nothing apart.
        note: What to look for.
    """

    title: str
    unit: str
    lines: Sequence[Line]
    levels: Mapping[str, float] = field(default_factory=dict)
    note: str = ''


@dataclass(frozen=True)
class Picture:
    """A picture that lies in a file (PNG or JPEG).

    Attributes:
        title: Heading.
        file: Where it lies; the page takes it in.
        caption: What it shows, and how to read it.
    """

    title: str
    file: Path
    caption: str = ''


@dataclass(frozen=True)
class Setting:
    """A value in which a recipe differs from its base.

    Attributes:
        place: Dotted path.
        value: As Python source.
        base: The value of the base, None if it has none.
        origin: File and line, or override, that set it.
    """

    place: str
    value: str
    base: str | None
    origin: str


@dataclass(frozen=True)
class RunPart:
    """What a report says of one run.

    Attributes:
        name: In tables and legends.
        folder: Where the run lies.
        findings: Judgements, the most important first.
        facts: Such as recipe, epochs, seconds, peak memory.
        settings: How its recipe differs from its base.
        commands: Command lines that repeat it.
    """

    name: str
    folder: str
    findings: Sequence[Finding] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[Setting] = ()
    commands: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes:
        title: Heading.
        lead: What was done, in a sentence or two.
        claim: The sentence that was tried, if any.
        source: Where it is claimed.
        findings: Verdicts on the whole, the most important first; with a claim, the first says whether it holds.
        tables: Results first.
        charts: Curves.
        pictures: What people would rather look at.
        runs: A part for each run.
        environment: Versions, processor, threads.
        commands: Command lines that repeat the whole.
    """

    title: str
    lead: str = ''
    claim: str = ''
    source: str = ''
    findings: Sequence[Finding] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    pictures: Sequence[Picture] = ()
    runs: Sequence[RunPart] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    commands: Sequence[str] = ()
