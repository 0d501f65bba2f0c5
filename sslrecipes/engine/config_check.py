"""Check every ``type`` and every argument of a config against the registered signatures, before anything is built.

The rest of a config's options needs no torch to be checked: :mod:`sslrecipes.zoo.schema`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config
from mmengine.registry import FUNCTIONS, DefaultScope, Registry

from sslrecipes import registry
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.zoo.schema import SURELY_MISSPELT, check_schema

#: Key of a config -> registry of the component below it; deeper dicts stay in it until another key says otherwise.
REGISTRY_OF_KEY = {
    'model': registry.MODELS,
    'data_preprocessor': registry.MODELS,
    'init_cfg': registry.WEIGHT_INITIALIZERS,
    'augments': registry.BATCH_AUGMENTS,
    'dataset': registry.DATASETS,
    'pipeline': registry.TRANSFORMS,
    'sampler': registry.DATA_SAMPLERS,
    'batch_sampler': registry.DATA_SAMPLERS,
    'collate_fn': FUNCTIONS,
    'worker_init_fn': FUNCTIONS,
    'optim_wrapper': registry.OPTIM_WRAPPERS,
    'optimizer': registry.OPTIMIZERS,
    'param_scheduler': registry.PARAM_SCHEDULERS,
    'default_hooks': registry.HOOKS,
    'custom_hooks': registry.HOOKS,
    'train_cfg': registry.LOOPS,
    'val_cfg': registry.LOOPS,
    'test_cfg': registry.LOOPS,
    'val_evaluator': registry.METRICS,
    'test_evaluator': registry.METRICS,
    'visualizer': registry.VISUALIZERS,
    'vis_backends': registry.VISBACKENDS,
    'log_processor': registry.LOG_PROCESSORS,
    'model_wrapper_cfg': registry.MODEL_WRAPPERS,
}
TOP_LEVEL = (
    'data_preprocessor',
    'model',
    'train_dataloader',
    'val_dataloader',
    'test_dataloader',
    'optim_wrapper',
    'param_scheduler',
    'default_hooks',
    'custom_hooks',
    'train_cfg',
    'val_cfg',
    'test_cfg',
    'val_evaluator',
    'test_evaluator',
    'visualizer',
    'log_processor',
    'model_wrapper_cfg',
)
#: Arguments that builders handle themselves.
BUILDER_KEYS = {'type', '_scope_', 'constructor', 'paramwise_cfg', 'optimizer'}


def check_config(cfg: Config) -> None:
    """Refuse a config that names an unknown component or argument, or has an option that can't be meant.

    Raises:
        ConfigError: Naming the place, the unknown word and the nearest known one.
    """
    check_schema(cfg)
    scope = cfg.get('default_scope', 'sslrecipes')
    with DefaultScope.overwrite_default_scope(scope):
        for key in TOP_LEVEL:
            if cfg.get(key) is not None:
                _check(cfg[key], key, REGISTRY_OF_KEY.get(key))
        constructor = (cfg.get('optim_wrapper') or {}).get('constructor')
        if constructor:
            _find(registry.OPTIM_WRAPPER_CONSTRUCTORS, constructor, 'optim_wrapper.constructor')


def _check(node: Any, place: str, of: Registry | None) -> None:
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            _check(item, f'{place}[{index}]', of)
    elif isinstance(node, dict):
        if of is not None and isinstance(node.get('type'), str):
            component = _find(of, node['type'], f'{place}.type')
            _check_arguments(node, component, place)
        for key, value in node.items():
            named = place == 'default_hooks'  # its keys are names of hooks, some of them words of the table
            _check(value, f'{place}.{key}', of if named else REGISTRY_OF_KEY.get(key, of))


def _find(of: Registry, name: str, place: str) -> Callable[..., Any]:
    component = of.get(name)
    if component is None:
        raise ConfigError(f'{place}: there is no {of.name} "{name}".{did_you_mean(name, _names(of))}', place)
    return component


def _names(of: Registry | None) -> list[str]:
    names: list[str] = []
    while of is not None:
        names += of.module_dict
        of = of.parent
    return names


def _check_arguments(node: dict[str, Any], component: Callable[..., Any], place: str) -> None:
    accepted, takes_any = accepted_arguments(component)
    if takes_any:
        accepted |= {key for key in node if not get_close_matches(key, accepted, cutoff=SURELY_MISSPELT)}
    _check_names(node, accepted | BUILDER_KEYS, getattr(component, '__name__', str(component)), place)


def _check_names(node: dict[str, Any], accepted: set[str], name: str, place: str) -> None:
    for key in node:
        if key not in accepted:
            hint = did_you_mean(key, sorted(accepted))
            raise ConfigError(f'{place}: {name} has no argument "{key}".{hint}', f'{place}.{key}')


def accepted_arguments(component: Callable[..., Any]) -> tuple[set[str], bool]:
    """Names of the keyword arguments of a class or function, and whether it takes others too.

    ``**kwargs`` of an ``__init__`` are followed along the class's method resolution order.
    """
    if not inspect.isclass(component):
        return _parameters(component)
    names: set[str] = set()
    for cls in component.__mro__[:-1]:
        if '__init__' in vars(cls):
            own, takes_any = _parameters(vars(cls)['__init__'])
            names |= own
            if not takes_any:
                return names, False
    return names, bool(names)


def _parameters(function: Callable[..., Any]) -> tuple[set[str], bool]:
    parameters = inspect.signature(function).parameters.values()
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)} - {'self'}
    return named, any(p.kind is p.VAR_KEYWORD for p in parameters)
