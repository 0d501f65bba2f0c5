"""Whether a config leaves out a default hook that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from sslrecipes.config.default_hooks import DEFAULT_HOOKS, PLACE
from sslrecipes.config.history import OPTION, Level
from sslrecipes.errors import ConfigError, did_you_mean

#: Further names that recipes of this package and of others give to a default hook.
_CUSTOMARY = ('progress', 'visualization')
#: Likeness to the name of a hook above which another name, in a file, is a typing mistake.
_LIKE_A_HOOK = 0.75


def check_left_out(cfg: Any, levels: Callable[[], list[Level]]) -> None:
    """Check that ``name=None`` among the default hooks leaves one out.

    A file may leave out what its bases have. In one without bases, such as a copy of a config, a name without a hook
    is let pass, unless it is like one with a hook.

    Args:
        cfg: Resolved config, after overrides.
        levels: Gives the config after each of its files; called only for names that are not known otherwise.

    Raises:
        ConfigError: Naming the one that leaves out nothing, and the nearest hook.
    """
    hooks = cfg.get('default_hooks')
    hooks = hooks if isinstance(hooks, Mapping) else {}
    known = [*DEFAULT_HOOKS, *_CUSTOMARY, *(str(name) for name, hook in hooks.items() if hook is not None)]
    unknown = [str(name) for name, hook in hooks.items() if hook is None and name not in known]
    files = levels() if unknown else []
    for name in unknown:
        found = [level.settings[f'{PLACE}{name}'] for level in files if f'{PLACE}{name}' in level.settings]
        if all(setting.value is None for setting in found) and (not found or _is_like_one_of(known, name)):
            source = found[-1].origin if found else OPTION
            raise ConfigError(f'{source}: there is no default hook "{name}" to leave out.{did_you_mean(name, known)}')


def _is_like_one_of(known: list[str], name: str) -> bool:
    return bool(get_close_matches(name, known, n=1, cutoff=_LIKE_A_HOOK))
