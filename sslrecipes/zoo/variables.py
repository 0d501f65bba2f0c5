"""Names of a config file's own, such as ``train_pipeline``, from which it has written options already.

To change one afterwards, by an override or in a file that inherits, changes nothing: the options keep what was written
into them. Such a change is refused, if it can be told which options those are. Other names at the top are left alone:
they may be meant for a hook. So it is with a ``data_preprocessor`` beside that of the model, which counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sslrecipes.errors import ConfigError
from sslrecipes.zoo.data_root import KEY
from sslrecipes.zoo.history import OPTION, Level, Setting
from sslrecipes.zoo.lines import changed_names, names_read
from sslrecipes.zoo.option_table import RUNNER_KEYS
from sslrecipes.zoo.places import enclosing, key_of, top_of
from sslrecipes.zoo.source import BASE, Source

#: The runner hands it to a model that has none of its own.
_PREPROCESSOR = 'data_preprocessor'
#: Files of installed packages are named with it; what they leave without effect is theirs.
_PACKAGE = '::'
#: How many options are named.
_NAMED = 4


def may_be_variable(name: str) -> bool:
    """Whether a name at the top may be a file's own."""
    return name not in RUNNER_KEYS or name == _PREPROCESSOR


def sets_variables(sources: Iterable[Source]) -> bool:
    """Whether a file, of several that are merged in this order, may change a name that was used before."""
    known: set[str] = set()
    for source in sources:
        names = set(filter(may_be_variable, changed_names(source.tree)))
        if source.bases and (KEY in names or names & known - set(names_read(source.tree))):
            return True
        known |= names
    return False


def check_variables(levels: list[Level], given: Iterable[str]) -> None:
    """See to it that every file and every override that sets a name of a file's own changes something.

    Args:
        levels: The config after each of its files.
        given: Places that overrides set.

    Raises:
        ConfigError: Naming the first without effect, and the options that count.
    """
    final = levels[-1].settings
    for place in given:
        copies = [] if _counts(top_of(place), final) else _copies(final, place)
        if copies:
            raise ConfigError(_sentence(OPTION, key_of(place), copies))
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
    name, origin = top_of(place), settings[known].origin
    step, last, rest = known[len(name) :], known[max(known.rfind('.'), known.rfind('[')) :], place[len(known) :]
    tops = {*RUNNER_KEYS} - {name}
    options = {option: one for option, one in settings.items() if top_of(option) in tops}
    same = [option for option, one in options.items() if one.origin == origin and _alike(one, settings[known])]
    made = [option for option, one in options.items() if name in one.origin.uses]
    found = [option + rest for option in same if option.endswith(step)]
    if not step:
        found = [option for option in options if option in {*found, *made}]
    elif not found:
        found = [option + rest for option in same if option.endswith(last)] or made
    if not found and name == _PREPROCESSOR:
        found = [f'model.{name}{step}{rest}']
    return [option for option in found if not any(outer in found for outer in enclosing(option))]


def _alike(one: Setting, other: Setting) -> bool:
    """Whether two settings of one line may be one; a file may have changed a copied dict or list since."""
    return isinstance(one.value, (dict, list, tuple)) or repr(one.value) == repr(other.value)


def _sentence(source: str, key: str, copies: list[str]) -> str:
    keys = ', '.join(map(key_of, copies[:_NAMED])) + (', ...' if len(copies) > _NAMED else '')
    return f'{source}: {key} has no effect here: set {keys}.'
