"""What is to be known of a source family, most of all a table of (official name, our name) for renaming both ways.

Names are dotted. ``{i}`` stands for any one part and means the same part on both sides. A name that ends in a dot
stands for every parameter of that layer: ``norm.`` covers ``norm.weight`` and ``norm.bias``. The first fitting row
wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout
from sslrecipes.errors import CheckpointError

T = TypeVar('T')
Rules = tuple[tuple[str, str], ...]
Biases = Literal['all', 'unnormed', 'none', 'unknown']
"""All linear layers, those without a norm behind them, or none; if that is known, predictors end without a norm."""

BESIDE_THE_BACKBONE = (r'(neck|head|probe|teacher|momentum_encoder)\..+',)
"""Regular expression of all our names but those of the trained backbone."""


@dataclass(frozen=True)
class KeyMap:
    """One source family: names, signs by which its files are known, and where these keep their weights.

    Attributes:
        family: What users call the family.
        rules: Rows of (official name, our name).
        left_out: Regular expressions of official names that have no counterpart in our networks.
        added: Regular expressions of our names that official files don't hold.
        marks: Official names of which every file of the family has one, and no other family's.
        signs: Official names that every file of the family has; one that also knows all other names is of the family.
        resembles: Whether weights without a mark of any family seem to be of this one; the first that says so counts.
        layout: Where files keep their weights.
        misfit: Why some of our weights can't be expressed in the family, or None.
        biases: Which linear layers of its projections and predictors have a bias, see :data:`Biases`.
        loads_as_it_is: Whether its backbones have our names, so that its files are told from ours only to convert them.
    """

    family: str
    rules: Rules
    left_out: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    resembles: Callable[[Mapping[str, Any]], bool] = lambda _: False
    layout: Layout = Layout()  # noqa: RUF009  it is frozen
    misfit: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    biases: Biases = 'unknown'
    loads_as_it_is: bool = False

    def to_ours(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename official parameters to ours, without those in ``left_out``.

        Raises:
            CheckpointError: A name that the family doesn't have.
        """
        return self._rename(_without(state, self.left_out), self._forward)

    def to_official(self, state: Mapping[str, T]) -> dict[str, T]:
        """Rename our parameters to the official ones, without those in ``added``.

        Raises:
            CheckpointError: A name that the family doesn't have.
        """
        return self._rename(_without(state, self.added), self._inverse)

    def without_counterpart(self, names: Iterable[str]) -> list[str]:
        """The official names among ``names`` that :meth:`to_ours` leaves out."""
        return [name for name in names if _fits(name, self.left_out)]

    def kept(self, state: Mapping[str, T]) -> dict[str, T]:
        """What of our weights :meth:`to_official` takes."""
        return _without(state, self.added)

    def only_ours(self, state: Mapping[str, Any]) -> list[str]:
        """What of our weights :meth:`to_official` leaves out."""
        return [name for name in state if _fits(name, self.added)]

    def knows(self, names: Iterable[str]) -> bool:
        """Whether all of these are official names of the family."""
        return not self.unknown(names)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Those of these names that are no official ones of the family."""
        return [name for name in names if not _fits(name, self.left_out) and _renamed(name, self._forward) is None]

    def refuse_unknown(self, names: Collection[str]) -> None:
        """Refuse names that are no official ones of the family.

        Raises:
            CheckpointError: With some of them.
        """
        self._refuse(self.unknown(names), len(names))

    def has_signs(self, names: Collection[str]) -> bool:
        """Whether the family's signs are among these names."""
        return bool(self.signs) and all(sign in names for sign in self.signs)

    def is_marked(self, names: Collection[str]) -> bool:
        """Whether one of these names is a mark of the family."""
        return any(mark in names for mark in self.marks)

    @cached_property
    def _forward(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern(official), _template(ours)) for official, ours in self.rules]

    @cached_property
    def _inverse(self) -> list[tuple[re.Pattern[str], str]]:
        return [(_pattern(ours), _template(official)) for official, ours in self.rules]

    def _rename(self, state: Mapping[str, T], table: list[tuple[re.Pattern[str], str]]) -> dict[str, T]:
        renamed = {name: _renamed(name, table) for name in state}
        self._refuse([name for name, new in renamed.items() if new is None], len(state))
        result = {new: state[name] for name, new in renamed.items() if new is not None}
        assert len(result) == len(state), f'two rows of family {self.family} lead to the same name'
        return result

    def _refuse(self, unknown: list[str], total: int) -> None:
        if unknown:
            examples = ', '.join(unknown[:4]) + (' ...' if len(unknown) > 4 else '')
            raise CheckpointError(f'{len(unknown)} of {total} names are unknown to family "{self.family}": {examples}')


def prefixed(official: str, ours: str, rules: Rules) -> Rules:
    """The rows with prefixes before the official names and before ours."""
    return tuple((f'{official}{theirs}', f'{ours}{mine}') for theirs, mine in rules)


def _without(state: Mapping[str, T], patterns: Iterable[str]) -> dict[str, T]:
    return {name: value for name, value in state.items() if not _fits(name, patterns)}


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def _pattern(name: str) -> re.Pattern[str]:
    parts = re.sub(r'\\{(\w+)\\}', r'(?P<\1>[^.]+)', re.escape(name))
    return re.compile(parts + ('(?P<leaf>[^.]+)' if name.endswith('.') else ''))


def _template(name: str) -> str:
    return f'{name}{{leaf}}' if name.endswith('.') else name


def _renamed(name: str, table: list[tuple[re.Pattern[str], str]]) -> str | None:
    for pattern, template in table:
        if match := pattern.fullmatch(name):
            return template.format(**match.groupdict())
    return None
