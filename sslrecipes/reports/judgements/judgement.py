"""An answer, and what it says about the one question that matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sslrecipes.reports.contents import Finding, Verdict

#: What an answer says about learning. ``learns``: the features became clearly better than the untrained network's.
#: ``trains``: the method's own loss fell clearly below that of a network which tells no images apart. ``differs``:
#: images give different embeddings. ``rises``: a metric of the validation became better. ``fails``: it doesn't learn.
#: ``early``: nothing can be said yet. ``unproven``: what was measured shows no gain. ``trouble``: something else is
#: wrong.
Sign = Literal['learns', 'trains', 'differs', 'rises', 'fails', 'early', 'unproven', 'trouble', 'none']


@dataclass(frozen=True)
class Judgement:
    """An answer about a run.

    Attributes:
        finding: The answer.
        sign: What it says about learning.
        reason: The half sentence that the overall answer takes over.
    """

    finding: Finding
    sign: Sign = 'none'
    reason: str = ''


def judged(question: str, verdict: Verdict, answer: str, sign: Sign = 'none', reason: str = '') -> Judgement:
    """Make a judgement."""
    return Judgement(Finding(question, verdict, answer), sign, reason)
