"""Who has the last word: a size that a later file or an override states beside ``image_size`` would have no effect."""

from __future__ import annotations

from collections.abc import Iterable

from sslrecipes.config.history import OPTION, Level, Setting
from sslrecipes.config.image_size.keys import LOCAL, SIZE
from sslrecipes.config.places import key_of
from sslrecipes.errors import ConfigError


def decided_by(place: str, levels: list[Level]) -> Setting:
    """The key that decides the value at ``place``, and who set it."""
    final = levels[-1].settings
    is_set = [key for key in (SIZE, LOCAL) if key in final and final[key].value is not None]
    return final[is_set[0] if len(is_set) == 1 or not place.endswith('local_size') else LOCAL]


def check_last_word(levels: list[Level], places: Iterable[str]) -> None:
    """Check that nobody who came after the setter of ``image_size`` states one of the ``places`` that it changes.

    What was written before it, or beside it in one file, is what it is there to change.

    Raises:
        ConfigError: Naming who states which place, and the size that counts.
    """
    ranks = {level.source: rank for rank, level in enumerate(levels)}
    final = levels[-1].settings
    for place in places:
        if place not in final:
            continue
        said, decides = final[place].origin, decided_by(place, levels)
        beside = said.source == decides.origin.source == OPTION
        if beside or ranks[said.source] > ranks[decides.origin.source]:
            key = next(key for key in (SIZE, LOCAL) if final.get(key) is decides)
            raise ConfigError(
                f'{said}: {key_of(place)} has no effect here: {key}={decides.value} decides it ({decides.origin}): set '
                f'{key}, or {key}=None.'
            )
