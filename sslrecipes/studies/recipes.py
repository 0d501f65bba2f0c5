"""Which config a study means by the name of a recipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import sslrecipes
from sslrecipes.config.kinds import recipes_below
from sslrecipes.config.option_values import GivenText
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.cards import Card, read_index

#: Configs, tools and the model index, of a checkout or of an installed wheel.
HOME = Path(sslrecipes.__file__).parent / '.mim'


def find_recipe(name: str) -> tuple[Path, Mapping[str, str]]:
    """Find a recipe by its path, its path below ``configs/`` or the name of its card.

    Args:
        name: With or without the suffix ``.py``.

    Returns:
        The config file, as a path that works from here, and the overrides of its card.

    Raises:
        ConfigError: If there is none, with the nearest name.
    """
    file = name if name.endswith('.py') else f'{name}.py'
    for place in (Path(file).expanduser(), HOME / 'configs' / file):
        if place.is_file():
            return shown(place), {}
    card = cards().get(name.removesuffix('.py').rpartition('/')[2])
    if card is None:
        near = did_you_mean(name.removesuffix('.py').rpartition('/')[2], [*cards(), *_stems()])
        raise ConfigError(f'There is no recipe "{name}": no such file, none below configs/, and no card.{near}')
    options = {key: GivenText(text) for key, text in card.overrides.items()}
    return shown(HOME / card.config), options


def downstream_recipe(pattern: str, upstream: str) -> tuple[Path, Mapping[str, str]]:
    """Find the recipe that goes on from another one, as that one's card lists.

    Args:
        pattern: Name of its card, with ``*`` for what it doesn't say.
        upstream: Recipe that is gone on from, as :func:`find_recipe` takes it.

    Returns:
        As :func:`find_recipe`.

    Raises:
        ConfigError: If not one and only one name matches.
    """
    name = upstream.removesuffix('.py').rpartition('/')[2]
    listed = cards()[name].downstream if name in cards() else ()
    found = [one for one in listed if fnmatchcase(one, pattern)]
    if len(found) != 1:
        what = f'{len(found)} match: {", ".join(found)}' if found else 'none matches'
        among = f'the {len(listed)} recipes that the card "{name}" lists as Downstream' if listed else "no card's list"
        raise ConfigError(f'"{pattern}" must match one of {among}, but {what}.')
    return find_recipe(found[0])


def is_pattern(name: str) -> bool:
    """Whether the name of a recipe is a pattern, for :func:`downstream_recipe`."""
    return '*' in name


def shown(path: Path) -> Path:
    """Shorten a path to what a user would type here."""
    there, here = path.resolve(), Path.cwd()
    return Path(os.path.relpath(there, here)) if there.is_relative_to(here) else there


@cache
def cards() -> dict[str, Card]:
    """All cards of the model index, by name."""
    return {card.name: card for card in read_index(HOME.resolve())}


@cache
def _stems() -> list[str]:
    return [path.stem for path in recipes_below(HOME)]
