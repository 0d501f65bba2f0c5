"""The schedules of a config, of which there may be one, several or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schedule = Mapping[str, Any]

#: How detectors and segmentors warm up, before another schedule takes over.
WARMUP = 'LinearLR'


def schedules(cfg: Any) -> list[tuple[str, Schedule]]:
    """List place and options of each schedule."""
    node = cfg.get('param_scheduler')
    if isinstance(node, Mapping):
        return [('param_scheduler', node)]
    several = enumerate(node) if isinstance(node, (list, tuple)) else ()
    return [(f'param_scheduler[{index}]', one) for index, one in several if isinstance(one, Mapping)]


def schedule_of(cfg: Any, param_name: str = 'lr') -> Schedule:
    """Options of the first schedule of ``param_name`` that is no warm-up; empty if there is none."""
    found = (one for _, one in schedules(cfg) if one.get('param_name', 'lr') == param_name)
    return next((one for one in found if one.get('type') != WARMUP), {})


def warmup_of(cfg: Any) -> Schedule:
    """Options of the first warm-up of the learning rate that is a schedule of its own; empty if there is none."""
    return next((one for _, one in schedules(cfg) if one.get('type') == WARMUP), {})
