"""Names of a config file's own, such as ``train_pipeline``, from which it has written options already.

To change one afterwards, by an override or in a file that inherits, changes nothing: the options keep what was written
into them. Such a change is refused, if it can be told which options those are. Other names at the top are left alone:
they may be meant for a hook. So it is with a ``data_preprocessor`` beside that of the model, which counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sslrecipes.config.data_root import KEY
from sslrecipes.config.history import OPTION, Level, Setting
from sslrecipes.config.lines import changed_names, names_read
from sslrecipes.config.places import enclosing, key_of, top_of, walk
from sslrecipes.config.source import BASE, ConfigFile
from sslrecipes.config.validation.option_table import RUNNER_KEYS
from sslrecipes.errors import ConfigError

#: The runner hands it to a model that has none of its own.
_PREPROCESSOR = 'data_preprocessor'
#: Files of installed packages are named with it; what they leave without effect is theirs.
_PACKAGE = '::'
#: How many options are named.
_NAMED = 4


def may_be_variable(name: str) -> bool:
    """Whether a name at the top may be a file's own."""
    return name not in RUNNER_KEYS or name == _PREPROCESSOR


def sets_variables(sources: Iterable[ConfigFile]) -> bool:
    """Whether a file, of several that are merged in this order, may change a name that was used before."""
    known: set[str] = set()
    for source in sources:
        names = set(filter(may_be_variable, changed_names(source.tree)))
        if source.bases and (KEY in names or names & known - set(names_read(source.tree))):
            return True
        known |= names
    return False


def check_variables(levels: list[Level], given: Iterable[str]) -> None:
    """Check that every file and every override that sets a name of a file's own changes something.

    Args:
        levels: The config after each of its files.
        given: Places that overrides set.

    Raises:
        ConfigError: Naming the first without effect, and the options that count.
    """
    final = levels[-1].settings
    for place in given:
        _check_override(place, levels)
    merged: dict[str, Setting] = {}
    for rank, level in enumerate(levels):
        for name in merged.keys() & level.settings.keys() - level.names:
            if name != top_of(name) or _counts(name, final) or not _is_changed(name, merged, level):
                continue
            read_later = any(f'{BASE}.{name}' in later.names for later in levels[rank + 1 :])
            kept = [copy for copy in _copies(merged, name) if copy in merged and merged[copy] == final.get(copy)]
            if kept and not read_later:
                raise ConfigError(_sentence(str(level.settings[name].origin), name, kept))
        merged |= level.settings


def _check_override(place: str, levels: list[Level]) -> None:
    name, final = top_of(place), levels[-1].settings
    if _counts(name, final):
        return
    if copies := _copies(final, place):
        raise ConfigError(_sentence(OPTION, key_of(place), copies))
    if gone := next(filter(None, (_copies(level.settings, place) for level in levels)), None):
        raise ConfigError(f'{OPTION}: {key_of(place)} has no effect here: {key_of(gone[0])} is no longer there.')


def _counts(name: str, settings: Mapping[str, Setting]) -> bool:
    """Whether a name at the top is an option, which has an effect of its own."""
    if name == _PREPROCESSOR:
        return f'model.{name}' not in settings
    return name in RUNNER_KEYS or name == KEY


def _is_changed(name: str, before: Mapping[str, Setting], level: Level) -> bool:
    changed = repr(level.settings[name].value) != repr(before[name].value)
    stated = level.sets(name) and level.settings[name].origin.line is not None  # else mmengine has, a scope
    return changed and stated and _PACKAGE not in level.source


def _copies(settings: Mapping[str, Setting], place: str) -> list[str]:
    """Options that were written from the value at ``place``, or from the name around it."""
    known = next((near for near in (place, *enclosing(place)) if near in settings), None)
    if known is None:
        return []
    name, tops = top_of(place), {*RUNNER_KEYS} - {top_of(place)}
    options = {option: one for option, one in settings.items() if top_of(option) in tops}
    if known == name:
        found = [option + place[len(name) :] for option in _copies_of_name(settings[name], name, options)]
    else:
        found = _copies_inside(settings, place, known, options)
    return _outermost(found) or ([f'model.{place}'] if name == _PREPROCESSOR else [])


def _copies_of_name(setting: Setting, name: str, options: Mapping[str, Setting]) -> list[str]:
    """Options that the line of ``setting`` wrote, or that were made from its ``name``."""
    found = [
        option
        for option, one in options.items()
        if (one.origin == setting.origin and _alike(one, setting)) or name in one.origin.uses
    ]
    return found or _equal_to(setting.value, '', options)


def _copies_inside(
    settings: Mapping[str, Setting], place: str, known: str, options: Mapping[str, Setting]
) -> list[str]:
    """Options that were written from the value at ``known``, inside of a name, around or at ``place``."""
    name, entry = top_of(place), known[: known.find(']') + 1]
    for source, found in (
        (entry, _same_entries(settings, entry, options, related=True)),
        (known, _equal_to(settings[name].value, known[len(name) :], options)),
        (entry, _same_entries(settings, entry, options)),
        (known, _written_from(settings[known], known[len(name) :], options)),
    ):
        if found:
            return [option + place[len(source) :] for option in found]
    made = _outermost(option for option, one in options.items() if name in one.origin.uses)
    return [_inside_of(option, options[option].value) for option in made]


def _outermost(places: Iterable[str]) -> list[str]:
    found = dict.fromkeys(places)
    return [place for place in found if not any(outer in found for outer in enclosing(place))]


def _same_entries(
    settings: Mapping[str, Setting], entry: str, options: Mapping[str, Setting], related: bool = False
) -> list[str]:
    """Entries of other lists that are equal to a list's, wherever they stand there; ``related``: of the same line.

    A list may have been put together from several, so that an index means another entry in it.
    """
    if not entry or not isinstance(settings[entry].value, Mapping):
        return []
    value, origin = repr(settings[entry].value), settings[entry].origin
    same = [option for option, one in options.items() if option.endswith(']') and repr(one.value) == value]
    return [option for option in same if options[option].origin == origin] if related else same


def _inside_of(option: str, value: Any) -> str:
    words = {dict: 'a key of ', list: 'an entry of ', tuple: 'an entry of '}
    return next((word for kind, word in words.items() if isinstance(value, kind)), '') + option


def _written_from(setting: Setting, step: str, options: Mapping[str, Setting]) -> list[str]:
    """Options that the line of ``setting``, at ``step`` inside of a name, wrote."""
    same = [option for option, one in options.items() if one.origin == setting.origin and _alike(one, setting)]
    last = step[max(step.rfind('.'), step.rfind('[')) :]
    return [option for option in same if option.endswith(step)] or [option for option in same if option.endswith(last)]


def _equal_to(value: Any, step: str, options: Mapping[str, Setting]) -> list[str]:
    """Options equal to a pipeline or the like, as in the copy of a config in a work dir, which refers to nothing."""
    if not any(isinstance(inner, Mapping) for _, inner in walk(value)):
        return []
    return [option + step for option, one in options.items() if repr(one.value) == repr(value)]


def _alike(one: Setting, other: Setting) -> bool:
    """Whether two settings of one line may be one; a file may have changed a copied dict or list since."""
    if isinstance(one.value, Mapping) and isinstance(other.value, Mapping):
        return bool(one.value.get('type') == other.value.get('type'))
    return isinstance(one.value, (list, tuple)) or repr(one.value) == repr(other.value)


def _sentence(source: str, key: str, copies: list[str]) -> str:
    if source != OPTION and (lists := dict.fromkeys(copy.partition('[')[0] for copy in copies if '[' in copy)):
        return f'{source}: {key} has no effect here: set {", ".join(lists)} anew, as a whole list with it.'
    keys = ', '.join(map(key_of, copies[:_NAMED])) + (', ...' if len(copies) > _NAMED else '')
    return f'{source}: {key} has no effect here: set {keys}.'
