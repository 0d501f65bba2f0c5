"""Where a config has to configure a component: a dict with the name of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sslrecipes.config.places import Objection, children, walk
from sslrecipes.config.validation.option_table import RUNNER_KEYS

#: Keys below which every item of a list is a component, and what it is called.
ITEMS = {
    'custom_hooks': 'a hook',
    'param_scheduler': 'a schedule',
    'val_evaluator': 'a metric',
    'test_evaluator': 'a metric',
    'vis_backends': 'a vis backend',
    'pipeline': 'a transform',
}


def components_are_named(cfg: Any) -> Iterator[Objection]:
    """The type of a component is a name, and what stands where only components can is a dict."""
    for key in RUNNER_KEYS:
        for place, node in walk(cfg.get(key), key):
            name = node.get('type', 'none') if isinstance(node, Mapping) else 'none'
            if not (isinstance(name, str) and name):
                yield f'{place}.type is {name!r}, but must be the name of a component.', (f'{place}.type',)
            what = ITEMS.get(place.rpartition('.')[2])
            for step, item in children(node) if what and isinstance(node, (list, tuple)) else ():
                if not isinstance(item, Mapping):
                    yield f'{place}{step} is {item!r}, but must be a dict that configures {what}.', (place + step,)
    for step, hook in children(cfg.get('default_hooks')):
        if not isinstance(hook, Mapping) and hook is not None:
            about = f'default_hooks{step}'
            yield f'{about} is {hook!r}, but must be a dict that configures a hook, or None for none.', (about,)
