"""Which part of a config an unexpected error comes from.

What a component's constructor says of a value that it can't take, or what its first batch does, is told in one sentence
with the component's place in the config. A mistake in the program looks the same from here, so the traceback is kept:
in the run's log file, or on the console with ``SSLRECIPES_TRACEBACK=1`` in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from types import FrameType
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import build_functions

from sslrecipes.config.places import walk
from sslrecipes.engine.failures import log_traceback
from sslrecipes.errors import ConfigError, RunError, UserError

#: With it in the environment, unexpected errors end in their traceback.
SWITCH = 'SSLRECIPES_TRACEBACK'
#: Longest message of an error that is told whole.
LONGEST = 300

#: Methods of the runner that take an option of the config which configures no component.
OPTION_OF_METHOD = {
    'setup_env': 'env_cfg',
    'set_randomness': 'randomness',
    'build_logger': 'log_level',
    'build_log_processor': 'log_processor',
    'build_visualizer': 'visualizer',
    'build_model': 'model',
    'wrap_model': 'model_wrapper_cfg',
    'register_default_hooks': 'default_hooks',
    'register_custom_hooks': 'custom_hooks',
    'build_train_loop': 'train_cfg',
    'build_val_loop': 'val_cfg',
    'build_test_loop': 'test_cfg',
    'build_optim_wrapper': 'optim_wrapper',
    'build_param_scheduler': 'param_scheduler',
    'scale_lr': 'auto_scale_lr',
}


@contextmanager
def told(cfg: Config) -> Iterator[None]:
    """Tell an unexpected error of this context, in which what ``cfg`` says is built and run, in one sentence.

    Raises:
        ConfigError: Instead of an error while a part was being built, which is its cause.
        RunError: Instead of any other error.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if os.environ.get(SWITCH, '0') not in ('', '0'):
            raise
        raise sentence_about(error, cfg) from error


def sentence_about(error: Exception, cfg: Config) -> UserError:
    """Make an error that says what happened, where in the config, and where its traceback is."""
    place, was_built = culprit(error, cfg)
    places = [f'{place}.*'] if place else []
    reason = f'{said(error)}. {where_to_read(error, cfg)}'
    if was_built:
        return ConfigError(f'{place} can not be built: {reason}', *places)
    return RunError(f'The run failed{f" in {place}" if place else ""}: {reason}', *places)


def culprit(error: BaseException, cfg: Config) -> tuple[str, bool]:
    """Find the innermost component of ``cfg`` that was being built or at work when ``error`` was raised.

    Returns:
        Its place, or the option of the runner that was being read; '' if it was none of them. And whether it was being
        built.
    """
    parts = [(place, node) for place, node in walk(cfg.to_dict()) if isinstance(node, Mapping) and 'type' in node]
    frames = list(_frames(error))[::-1]
    for frame in frames:
        if frame.f_code is build_functions.build_from_cfg.__code__ and (place := _built_by(frame, parts)):
            return place, True
        if place := OPTION_OF_METHOD.get(frame.f_code.co_name, ''):
            return place, True
    at_work = (place for frame in frames for place in _at_work_in(frame, parts))
    return next(at_work, ''), False


def _frames(error: BaseException) -> Iterator[FrameType]:
    step = error.__traceback__
    while step is not None:
        yield step.tb_frame
        step = step.tb_next


def _built_by(frame: FrameType, parts: list[tuple[str, Mapping[str, Any]]]) -> str:
    """Place of the part that is most like the one that a frame of the builder builds; '' if there is none."""
    built = frame.f_locals['cfg']
    same = {
        place: sum(repr(built.get(key)) == repr(value) for key, value in node.items())
        for place, node in parts
        if node['type'] == built.get('type')
    }
    return max(same, key=lambda place: same[place], default='')


def _at_work_in(frame: FrameType, parts: list[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """Place of the part whose method a frame is, unless several may be meant; the loop that trains is around all."""
    name = type(frame.f_locals.get('self')).__name__
    same = [place for place, node in parts if str(node['type']).rpartition('.')[2] == name]
    return same if len(same) == 1 and same != ['train_cfg'] else []


def said(error: BaseException) -> str:
    """Kind and message of an error on one line: the last one of those that quote a traceback.

    Without a message, as of most assertions, the line of the source says what was wanted.
    """
    lines = [' '.join(line.split()) for line in str(error).splitlines() if line.strip()]
    message = lines[-1] if any(line.startswith('Traceback') for line in lines) else ' '.join(lines)
    kind = type(error).__name__
    message = message or next((f'at "{step.line}"' for step in extract_tb(error.__traceback__)[-1:] if step.line), '')
    told = message if message.startswith(kind) else f'{kind}: {message}'
    return (told if len(told) <= LONGEST else f'{told[:LONGEST]} ...').rstrip('.: ')


def where_to_read(error: Exception, cfg: Config) -> str:
    """Write the traceback to the log file of the run, if there is one yet, and say where it is."""
    logger = MMLogger.get_current_instance()
    work_dir = Path(cfg.get('work_dir') or '.').absolute()
    for handler in logger.handlers:
        log = Path(getattr(handler, 'baseFilename', ''))
        if log.is_file() and log.is_relative_to(work_dir):
            log_traceback(logger, error)
            return f'Its traceback is in {log}.'
    return f'{SWITCH}=1 shows its traceback.'
