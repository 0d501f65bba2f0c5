"""How to train a recipe without the weights that it starts from, to have something to compare with."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.dist import get_world_size

from sslrecipes.config.option_values import text_of
from sslrecipes.config.places import walk
from sslrecipes.engine.class_count import learns_labels
from sslrecipes.evaluation.untrained import loads_weights, own_initialisation, without_weights


def untrained_command(cfg: Config, args: argparse.Namespace) -> str:
    """Return the command that trains the same network from the start, into a work dir beside; '' if this one did.

    Args:
        cfg: Resolved config of a probe, a fine-tuning, a detector or a segmentor.
        args: What ``tools/train.py`` was called with.
    """
    started_by = dict(_without_starting_weights(cfg))
    if not started_by or not learns_labels(cfg):
        return ''
    several = args.launcher != 'none'
    words = ['bash', 'tools/dist_train.sh'] if several else ['python', 'tools/train.py']
    words += [str(args.config), *([str(get_world_size())] if several else [])]
    words += ['--work-dir', f'{str(cfg.work_dir).rstrip("/")}-untrained']
    words += [f'--{flag.replace("_", "-")}' for flag in ('amp', 'auto_scale_lr') if getattr(args, flag)]
    inside = tuple(f'{place}.' for place in started_by)  # a more specific override would bring the weights back
    options = {key: value for key, value in (args.cfg_options or {}).items() if not key.startswith(inside)}
    overrides = [f'{key}={text_of(value)}' for key, value in {**options, **started_by}.items()]
    return shlex.join([*words, '--cfg-options', *overrides])


def _without_starting_weights(cfg: Config) -> Iterator[tuple[str, Any]]:
    """Yield each place that names weights to start from, and the value without them."""
    if (cfg.get('transfer') or {}).get('checkpoint'):
        yield 'transfer.checkpoint', 'None'
    for place, part in walk(cfg.model, 'model'):
        if isinstance(part, dict) and 'init_cfg' in part and loads_weights(dict(init_cfg=part['init_cfg'])):
            rest = without_weights(dict(init_cfg=part['init_cfg'])).get('init_cfg')
            yield f'{place}.init_cfg', own_initialisation(part) if rest is None else rest
