"""What others have published of a recipe: the figure on its card, which no study states again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sslrecipes.studies.jobs import Job
from sslrecipes.studies.recipes import cards
from sslrecipes.zoo.cards import Card

#: Facts that name the file that a recipe starts from.
_FILES = ('checkpoint', 'base')


@cache
def card_of(job: Job) -> Card | None:
    """Find the card that a job is a run of: the same facts, and weights that are left by a run of the card's own start.

    Overrides that change a fact, such as fewer epochs, make it a run of no card.
    """
    for card in cards().values():
        if Path(card.config).name == job.recipe.name:
            alike = [fact for fact in _FILES if _is_left_by(card.recipe.get(fact), job.before)]
            if not card.disagreements(job.cfg, but=alike):
                return card
    return None


def _is_left_by(file: str | None, jobs: Sequence[Job]) -> bool:
    """Whether a file, such as ``work_dirs/NAME/epoch_300.pth``, is what a run of the same card as a job leaves."""
    return file is not None and any(
        (card := card_of(job)) is not None and card.name == Path(file).parent.name for job in jobs
    )
