"""Verdicts in words: colours alone would tell some readers nothing."""

from __future__ import annotations

from collections.abc import Mapping

from sslrecipes.reports.contents import Verdict

#: Of an answer.
WORDS: Mapping[Verdict, str] = {'good': 'Good', 'bad': 'Bad', 'unclear': 'Unclear', 'fact': 'Fact'}
#: Of the claim that a report is about, which its first finding judges.
CLAIM_WORDS: Mapping[Verdict, str] = {
    'good': 'Held',
    'bad': 'Did not hold',
    'unclear': 'Undecided',
    'fact': 'Not tried',
}
