"""The hooks of every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Default hooks of every run: mmengine's, then those that make it reliable. Recipes set options, and add to them, in
#: ``configs/_base_/default_runtime.py``.
DEFAULT_HOOKS: dict[str, dict[str, Any]] = {
    'runtime_info': dict(type='RuntimeInfoHook'),
    'timer': dict(type='IterTimerHook'),
    'sampler_seed': dict(type='DistSamplerSeedHook'),
    'logger': dict(type='sslrecipes.LoggerHook'),
    'param_scheduler': dict(type='ParamSchedulerHook'),
    'checkpoint': dict(type='CheckpointHook', interval=1),
    'stop': dict(type='sslrecipes.StopHook'),
    'nonfinite': dict(type='sslrecipes.NonFiniteHook'),
    'bad_images': dict(type='sslrecipes.BadImagesHook'),
    'step': dict(type='sslrecipes.StepHook'),
}
#: Where they are in a config.
PLACE = 'default_hooks.'


def name_classes(cfg: Any) -> None:
    """Write its class into each default hook of which ``cfg`` sets options only."""
    hooks = cfg.get('default_hooks')
    for name, hook in hooks.items() if isinstance(hooks, Mapping) else ():
        if isinstance(hook, dict) and 'type' not in hook and name in DEFAULT_HOOKS:
            hook['type'] = DEFAULT_HOOKS[name]['type']


def begin_hook(cfg: Any, key: str) -> None:
    """Write a hook of every run into ``cfg`` if ``key`` is one of its options and ``cfg`` doesn't have it."""
    hooks, (name, *option) = cfg.get('default_hooks'), key.removeprefix(PLACE).split('.')
    if key.startswith(PLACE) and option and name in DEFAULT_HOOKS and isinstance(hooks, Mapping):
        cfg.default_hooks = {name: dict(DEFAULT_HOOKS[name]), **hooks}
