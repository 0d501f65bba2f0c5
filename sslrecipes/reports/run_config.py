"""The config of a run: read from its copy without running it, and compared with the recipe that it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

import sslrecipes
from sslrecipes.checkpoint.stated_config import settings as values_of
from sslrecipes.config.history import Level
from sslrecipes.config.places import enclosing, top_of, walk
from sslrecipes.config.reading import checked_history, merge
from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.errors import UserError
from sslrecipes.reports.contents import Setting

RECIPES = Path(sslrecipes.__file__).parent / '.mim' / 'configs'
#: Where a run is, and how it was started: no part of its recipe.
OF_THE_RUN = ('work_dir', 'launcher', 'resume', 'accept_changes', 'load_from', 'log_level', 'runner_type')
CHANGED = 'changed when the run was started'


@dataclass(frozen=True)
class RunConfig:
    """The config of a run.

    Attributes:
        values: The resolved config; empty if there is no copy of it.
        recipe: Name of its file without suffix; empty if that isn't known.
        copy: The whole config as a file that can be trained with again.
        file: The recipe of this package of that name, if there is one.
    """

    values: Mapping[str, Any]
    recipe: str = ''
    copy: Path | None = None
    file: Path | None = None


def read_run_config(folder: Path) -> RunConfig:
    """Read the copy of the config that a run's last start left in its folder."""
    named = {file: _text(file) for file in sorted(folder.glob('*.py'), key=lambda file: file.stat().st_mtime)}
    dumped = {file: _text(file) for file in sorted(folder.glob('*/vis_data/config.py'))}  # in the order of the starts
    copy, text = next((one for one in [*reversed(dumped.items()), *reversed(named.items())] if one[1]), (None, ''))
    names = [file.stem for file, written in named.items() if written == text] or [file.stem for file in named]
    recipe = names[0] if len(names) == 1 else ''
    files = sorted(RECIPES.rglob(f'{escape(recipe)}.py')) if recipe else []
    return RunConfig(values_of(text), recipe, copy, files[0] if len(files) == 1 else None)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''


def differences(config: RunConfig) -> list[Setting]:
    """List the values that the recipe's own file sets, and those that were set when the run was started.

    None if the recipe isn't one of this package: then nobody knows what the values would have been.
    """
    if config.file is None:
        return []
    try:
        cfg, given = merge(config.file, {})
        levels = checked_history(config.file, cfg, given)
    except UserError:
        return []
    known = {place: setting.value for place, setting in levels[-1].settings.items()}
    recipe, run = _leaves(known), _leaves(dict(walk(config.values)))
    own = [place for place in recipe if levels[-1].sets(place) and run.get(place) == recipe[place]]
    changed = [place for place in run if run[place] != recipe.get(place) and recipe.keys().isdisjoint(enclosing(place))]
    return [
        *(Setting(place, run[place], recipe.get(place), CHANGED) for place in changed),
        *(
            Setting(place, run[place], _inherited(levels, place), str(levels[-1].settings[place].origin))
            for place in own
        ),
    ]


def _leaves(places: Mapping[str, Any]) -> dict[str, str]:
    """Values that hold nothing else, as source; lists of plain values are whole."""
    whole = {place: value for place, value in places.items() if place and _is_whole(value)}
    return {
        place: repr(list(value) if isinstance(value, tuple) else value)  # a copy has either
        for place, value in whole.items()
        if whole.keys().isdisjoint(enclosing(place)) and not _is_beside(top_of(place))
    }


def _is_beside(top: str) -> bool:
    """Whether a key says nothing of its own: where the run is, or a name that other values were made with."""
    return top in OF_THE_RUN or top not in RUNNER_KEYS


def _is_whole(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not value
    return not isinstance(value, list | tuple) or not any(isinstance(item, Mapping | list | tuple) for item in value)


def _inherited(levels: Sequence[Level], place: str) -> str | None:
    """Value of what the recipe inherits, if it has one."""
    before = next((level.settings[place] for level in reversed(levels[:-1]) if place in level.settings), None)
    return None if before is None else repr(before.value)
