"""Hooks of mmengine and mmpretrain: which of ours stands for them, and what no checkpoint holds of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHECKPOINT = 'CheckpointHook'

#: Hooks of mmengine and mmpretrain that have one of ours with the same name and arguments.
OUR_HOOKS = ('EMAHook', 'EarlyStoppingHook', 'LoggerHook', 'SwAVHook', 'SimSiamHook')

#: Hooks whose state is in no checkpoint, and what that means for a run that is resumed.
KEPT_IN_THE_PROCESS = {
    'YOLOXModeSwitchHook': 'YOLOXModeSwitchHook does not switch in a run that is resumed after the switch',
}

#: Options of mmengine's ``CheckpointHook`` that ours has not, with the value that says nothing.
_OURS_HAS_NOT = {
    **dict.fromkeys(('save_optimizer', 'save_param_scheduler'), True),
    **dict.fromkeys(('out_dir', 'file_client_args', 'backend_args', 'filename_tmpl', 'published_keys'), None),
    **dict.fromkeys(('greater_keys', 'less_keys'), None),
    'save_begin': 0,
}


def our_checkpoint_options(hook: Mapping[str, Any], place: str) -> tuple[dict[str, Any], list[str]]:
    """Translate the options of mmengine's ``CheckpointHook``.

    Args:
        hook: Its config.
        place: Where it stands.

    Returns:
        Options of ours, and a sentence for each option that has no meaning here.
    """
    options = {key: value for key, value in hook.items() if key not in (*_OURS_HAS_NOT, 'save_best', 'rule')}
    best, notes = _first(hook.get('save_best')), []
    if best is not None:
        less = best in (hook.get('less_keys') or ()) or 'loss' in best
        options |= {'save_best': best, 'rule': _first(hook.get('rule')) or ('less' if less else 'greater')}
        if hook['save_best'] != best:
            notes.append(f'{place}.save_best: only the best by {best} is kept.')
    for key, idle in _OURS_HAS_NOT.items():
        if key not in ('greater_keys', 'less_keys') and hook.get(key, idle) != idle:
            notes.append(f'{place}.{key} has no meaning here: checkpoints are whole, in the work dir.')
    return options, notes


def _first(value: Any) -> Any:
    return (value or [None])[0] if isinstance(value, (list, tuple)) else value
