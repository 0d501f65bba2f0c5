"""One vote of all processes per optimizer step, however many hooks have a question."""

from __future__ import annotations

from collections.abc import Callable

from mmengine.dist import get_world_size

from sslrecipes.distributed.control import any_rank


class StepVote:
    """Questions that any process may answer with yes for all, put together.

    Whoever wants an answer that isn't there has all questions asked, and the others find theirs. An answer is taken
    once, so that the first to ask in the next step has all asked anew; it may be as old as the middle of the present
    step. A process without others asks itself, when the answer is wanted.
    """

    def __init__(self) -> None:
        self._questions: dict[str, Callable[[], bool]] = {}
        self._answers: dict[str, bool] = {}

    def add(self, name: str, question: Callable[[], bool]) -> None:
        """Put a question to this process; every process must add the same names in the same order."""
        self._questions[name] = question

    def take(self, name: str) -> bool:
        """Tell whether any process says yes; collective, every process must ask in the same order."""
        if get_world_size() == 1:
            return self._questions[name]()
        if name not in self._answers:
            votes = any_rank(*(question() for question in self._questions.values()))
            self._answers = dict(zip(self._questions, votes, strict=True))
        return self._answers.pop(name)
