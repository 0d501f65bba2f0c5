"""Check every ``type`` and every argument of a config against the registered signatures, before anything is built.

The rest of a config's options needs no torch to be checked: :mod:`sslrecipes.config.validation.schema`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope, Registry

from sslrecipes import registry
from sslrecipes.commands.argument_kinds import given_to_parent, kinds_of
from sslrecipes.commands.config_registries import (
    ALTERNATIVES,
    BUILDER_KEYS,
    BUILDER_KEYS_OF,
    FORMER_NAMES,
    OPS_KEYS,
    REGISTRY_OF_KEY,
    TOP_LEVEL,
    registry_of_key,
    registry_of_scope,
)
from sslrecipes.config.loading import import_components
from sslrecipes.config.validation.schema import SURELY_MISSPELT
from sslrecipes.errors import ConfigError, did_you_mean

#: How like ``type`` the key of a dict without one must be to be taken for it.
_LIKE_TYPE = 0.7


@dataclass(frozen=True)
class _Context:
    """Where a part of a config stands.

    Attributes:
        key: Nearest key above it.
        of: Registry of components here; None where there are none.
        scope: Scope in which bare names are looked up.
        in_model: Whether it is inside the model.
    """

    key: str
    of: Registry | None
    scope: str
    in_model: bool = False

    def below(self, key: str) -> _Context:
        """Context of what stands under ``key``."""
        return replace(self, key=key, of=registry_of_key(key, self.of, self.in_model))


def check_components(cfg: Config) -> None:
    """Refuse a config that names an unknown component or argument; its other options were checked when it was loaded.

    Bare names are looked up in the config's ``default_scope`` or the nearest ``_scope_`` around them.

    Raises:
        ConfigError: Naming the place, the unknown word and the nearest known one.
    """
    import_components(cfg)
    scope = cfg.get('default_scope', 'sslrecipes')
    with DefaultScope.overwrite_default_scope(scope):
        for key in TOP_LEVEL:
            if cfg.get(key) is not None:
                _check(cfg[key], key, _Context(key, REGISTRY_OF_KEY.get(key), scope, in_model=key == 'model'))
        constructor = (cfg.get('optim_wrapper') or {}).get('constructor')
        if constructor:
            _find(registry.OPTIM_WRAPPER_CONSTRUCTORS, constructor, scope, 'optim_wrapper.constructor')
        _check_model_is_whole(cfg, scope)


def _check(node: Any, place: str, context: _Context) -> None:
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            _check(item, f'{place}[{index}]', context)
    elif isinstance(node, dict):
        context = replace(context, scope=node.get('_scope_', context.scope))
        component = _component(node, place, context)
        if component is not None:
            _check_arguments(node, component, place, BUILDER_KEYS | BUILDER_KEYS_OF.get(context.key, set()))
        for key, value in node.items():
            named = place == 'default_hooks'  # its keys are names of hooks, some of them words of the table
            _check(value, f'{place}.{key}', context if named else context.below(key))


def _component(node: dict[str, Any], place: str, context: _Context) -> Callable[..., Any] | None:
    """Class or function that the dict configures; None if it configures none."""
    if 'type' not in node and context.of is not None and context.in_model:
        for key in get_close_matches('type', [key for key in node if isinstance(key, str)], cutoff=_LIKE_TYPE):
            raise ConfigError(f'{place} has no type. Is "{key}" meant to be it?', f'{place}.{key}')
    if not isinstance(node.get('type'), str):
        return None
    if context.in_model and context.key in OPS_KEYS:
        return _find_op(node['type'], f'{place}.type')
    return None if context.of is None else _find(context.of, node['type'], context.scope, f'{place}.type')


def _find(of: Registry, name: str, scope: str, place: str) -> Callable[..., Any]:
    """Look a name up as the builders do: in the scope that it names itself (``mmpretrain.ResNet``), else in ``scope``.

    See :data:`ALTERNATIVES` for what else may stand where it stands.

    Raises:
        ConfigError: If there is no such component.
    """
    own_scope, dot, bare = name.rpartition('.')
    for kind in (of, *(other for known, other in ALTERNATIVES if known is of)):
        with suppress(RuntimeError):  # upstream's, of a dotted name that it can't import
            component = registry_of_scope(kind, scope, 'default_scope').get(name)
            if component is not None:
                return component
    of = registry_of_scope(of, own_scope or scope, place)
    names = [f'{own_scope}{dot}{known}' for known in _names(of) if f'{own_scope}{dot}{known}' != name]
    now = FORMER_NAMES.get(bare)
    hint = f' It is called "{own_scope}{dot}{now}" now.' if now else did_you_mean(name, names)
    if not own_scope and registry_of_scope(of, 'sslrecipes', place).get(name):
        hint = f' In the scope "{scope}" this package\'s is called "sslrecipes.{name}".'
    raise ConfigError(f'{place}: there is no {of.name} "{name}".{hint}', place)


def _names(of: Registry | None) -> list[str]:
    names: list[str] = []
    while of is not None:
        names += of.module_dict
        of = of.parent
    return names


def _find_op(name: str, place: str) -> Callable[..., Any]:
    ops = import_module('mmcv.ops')
    op: Callable[..., Any] | None = getattr(ops, name, None)
    if not callable(op):
        raise ConfigError(f'{place}: mmcv.ops has no "{name}".{did_you_mean(name, list(ops.__all__))}', place)
    return op


def _check_model_is_whole(cfg: Config, scope: str) -> None:
    """Check that there is a model, with the parts that its class can't do without."""
    if not cfg.get('model'):
        raise ConfigError('The config has no model.')
    component = _find(registry.MODELS, cfg.model.type, scope, 'model.type')
    for name, parameter in inspect.signature(component).parameters.items():
        needed = parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if needed and name not in cfg.model and name != 'data_preprocessor':
            raise ConfigError(f'model: {cfg.model.type} needs {name}.', 'model')


def _check_arguments(node: dict[str, Any], component: Callable[..., Any], place: str, others: set[str]) -> None:
    accepted, takes_any = accepted_arguments(component)
    if takes_any:
        accepted |= {key for key in node if not get_close_matches(str(key), accepted, cutoff=SURELY_MISSPELT)}
    _check_names(node, accepted, others, component, place)
    for name, kind in kinds_of(component).items():
        if name in node and (allowed := kind.misfit(node[name])):
            raise ConfigError(f'{place}.{name} is {node[name]!r}, but must be {allowed}.', f'{place}.{name}')


def _check_names(
    node: dict[str, Any], accepted: set[str], others: set[str], component: Callable[..., Any], place: str
) -> None:
    name = getattr(component, '__name__', str(component))
    for key in node:
        if key not in accepted | others:
            hint = _namesake(component, key) or did_you_mean(key, sorted(accepted))
            raise ConfigError(f'{place}: {name} has no argument "{key}".{hint}', f'{place}.{key}')


def _namesake(component: Callable[..., Any], key: str) -> str:
    """Point to mmpretrain's class of the same name as ours if that one has the argument."""
    name, ours = getattr(component, '__name__', ''), getattr(component, '__module__', '').startswith('sslrecipes.')
    for of in (registry.MODELS, registry.OPTIMIZERS, registry.HOOKS) if ours else ():
        theirs = of.parent.get(name) if of.parent else None
        if theirs is not None and key in accepted_arguments(theirs)[0]:
            return f' mmpretrain\'s class of this name, which has it, is called "mmpretrain.{name}" here.'
    return ''


def accepted_arguments(component: Callable[..., Any]) -> tuple[set[str], bool]:
    """Names of the keyword arguments of a class or function, and whether it takes others too.

    ``**kwargs`` of an ``__init__`` are followed along the class's method resolution order, but for what it gives its
    parent itself.
    """
    if not inspect.isclass(component):
        return _parameters(component)
    names, given = set[str](), set[str]()
    for cls in component.__mro__[:-1]:
        if '__init__' in vars(cls):
            own, takes_any = _parameters(vars(cls)['__init__'])
            names |= own - given
            given |= given_to_parent(vars(cls)['__init__'])
            if not takes_any:
                return names, False
    return names, bool(names)


def _parameters(function: Callable[..., Any]) -> tuple[set[str], bool]:
    parameters = inspect.signature(function).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)} - {'self'}
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)
