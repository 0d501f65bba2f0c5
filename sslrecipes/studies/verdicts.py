"""Whether a claim held, in words that are no more certain than the figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from sslrecipes.errors import counted
from sslrecipes.reports.contents import Finding, Verdict
from sslrecipes.studies.reading import measures
from sslrecipes.studies.results import Row
from sslrecipes.studies.study import UNTRAINED, Study, picked

#: Of a two-sided 95 % interval: Student's t by degrees of freedom.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228}
_T_OF_MANY = 2.228


@dataclass(frozen=True)
class Comparison:
    """Two networks by one column.

    Attributes:
        better: Title of the one that should be better.
        worse: Of the other.
        heading: Column.
        pairs: Figures of both, of runs that share their seed.
    """

    better: str
    worse: str
    heading: str
    pairs: Sequence[tuple[float, float]]

    @property
    def differences(self) -> list[float]:
        """By how much the first is better, run by run."""
        return [first - second for first, second in self.pairs]

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the mean difference lies, at 95 % confidence; None of a single run, or of one that is repeated."""
        if len(self.pairs) < 2 or len({*self.pairs}) < 2:  # of a network that no seed changes there is one run
            return None
        mean, count = fmean(self.differences), len(self.pairs)
        half = _T.get(count - 1, _T_OF_MANY) * stdev(self.differences) / sqrt(count)
        return mean - half, mean + half

    @property
    def verdict(self) -> Verdict:
        """Whether the first is better beyond chance."""
        if self.interval is None:
            return 'unclear'
        low, high = self.interval
        return 'good' if low > 0 else 'bad' if high < 0 else 'unclear'

    def sentence(self) -> str:
        """Tell it with its figures."""
        (first, second), mean = map(fmean, zip(*self.pairs, strict=True)), fmean(self.differences)
        figures = f'{self.heading} {mean:+.1f} ({first:.1f} against {second:.1f}'
        if self.interval is None:
            return f'{figures})'
        low, high = self.interval
        words = {'good': 'beyond chance', 'bad': 'beyond chance', 'unclear': 'within chance'}
        return f'{figures}; {low:+.1f} to {high:+.1f} at 95 %): {words[self.verdict]}'


def verdict_on_claim(study: Study, rows: Sequence[Row]) -> list[Finding]:
    """Say whether the claim holds, of each of its pairs, and of each network whether it beats the untrained."""
    claimed = [
        _finding(
            f'Is {_title(study, better)} better than {_title(study, worse)}?',
            list(compare(rows, better, worse, study.claim.by or judged_columns(study))),
        )
        for better, worse in study.claim.pairs
    ]
    told = set(study.claim.pairs)
    others = [
        _finding(f'Is {_title(study, name)} better than the untrained network?', found)
        for name in study.stages
        if (name, UNTRAINED) not in told and (found := list(compare(rows, name, UNTRAINED, judged_columns(study))))
    ]
    return [*([_of_all(claimed)] if len(claimed) > 1 else []), *claimed, *others]


def _of_all(claimed: Sequence[Finding]) -> Finding:
    """The verdict on a claim of several pairs: it holds if each of them does."""
    verdicts = [finding.verdict for finding in claimed]
    counts = [f'{verdicts.count(verdict)} {words}' for verdict, words in _COUNTED.items() if verdict in verdicts]
    verdict: Verdict = 'bad' if 'bad' in verdicts else 'good' if {*verdicts} == {'good'} else 'unclear'
    return Finding('Does the claim hold?', verdict, f'Of {len(claimed)} comparisons {", ".join(counts)}.')


_COUNTED = {'good': 'for it', 'bad': 'against it', 'unclear': 'undecided'}


def compare(rows: Sequence[Row], better: str, worse: str, headings: Sequence[str]) -> Iterator[Comparison]:
    """Compare two networks in each cell that they share, by each column that both have figures for.

    Args:
        rows: The table.
        better: Name of a network, with values of factors if it is one of several rows: ``trained method=dino``.
        worse: Of the other.
        headings: Columns.
    """
    wanted, other = picked(better), picked(worse)
    apart = {*wanted[1], *other[1]}
    for first in (row for row in rows if _is(row, *wanted)):
        for second in (row for row in rows if _is(row, *other) and _agree(first.cell, row.cell, apart)):
            words = ', '.join(f'{name} {value}' for name, value in first.cell.items() if name not in apart)
            for heading in headings:
                both = zip(first.cells[heading].values, second.cells[heading].values, strict=True)
                pairs = [(one, two) for one, two in both if one is not None and two is not None]
                if pairs:
                    yield Comparison(first.title, second.title, f'{heading} ({words})' if words else heading, pairs)


def _is(row: Row, network: str, values: Mapping[str, str]) -> bool:
    return row.network == network and all(str(row.cell.get(name)) == value for name, value in values.items())


def _agree(first: Mapping[str, object], second: Mapping[str, object], apart: set[str]) -> bool:
    return all(second.get(name, value) == value for name, value in first.items() if name not in apart)


def _finding(question: str, found: Sequence[Comparison]) -> Finding:
    if not found:
        return Finding(question, 'unclear', 'That can not be told: there are no figures of both.')
    verdicts = {comparison.verdict for comparison in found}
    verdict: Verdict = verdicts.pop() if len(verdicts) == 1 else 'unclear'
    seeds = min(len({*comparison.pairs}) for comparison in found)
    if seeds < 2:
        higher = sum(comparison.differences[0] > 0 for comparison in found)
        words = f'One run each can not tell it from chance; higher in {higher} of {counted(len(found), "figure")}:'
    elif verdicts:
        words = f'By some figures, over {seeds} seeds:'
    else:
        words = {'good': 'Yes', 'bad': 'No, it is worse', 'unclear': 'That can not be told'}[verdict]
        words += f', over {seeds} seeds:'
    return Finding(question, verdict, f'{words} {"; ".join(one.sentence() for one in found)}.')


def judged_columns(study: Study) -> list[str]:
    """Columns of which more is better: what was measured, but no loss, and not what it costs."""
    return [heading for heading, metric in study.table.columns.items() if measures(metric) and 'loss' not in metric]


def _title(study: Study, words: str) -> str:
    network, values = picked(words)
    stage = study.stages.get(network)
    return ' '.join([(stage and stage.title) or network, *values.values()])
