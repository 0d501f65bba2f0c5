"""The schedules of a config, of which there may be one, several or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schedule = Mapping[str, Any]


def schedules(cfg: Any) -> list[tuple[str, Schedule]]:
    """List place and options of each schedule."""
    node = cfg.get('param_scheduler')
    if isinstance(node, Mapping):
        return [('param_scheduler', node)]
    several = enumerate(node) if isinstance(node, (list, tuple)) else ()
    return [(f'param_scheduler[{index}]', one) for index, one in several if isinstance(one, Mapping)]


def schedule_of(cfg: Any, param_name: str = 'lr') -> Schedule:
    """Options of the first schedule of ``param_name``; empty if there is none."""
    return next((one for _, one in schedules(cfg) if one.get('param_name', 'lr') == param_name), {})
