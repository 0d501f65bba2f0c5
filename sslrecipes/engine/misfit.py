"""Parts of a model that don't fit each other, or the data, told in one sentence at the first batch."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from torch import Tensor, nn

from sslrecipes.engine.failures import log_traceback
from sslrecipes.errors import ConfigError, UserError

#: What torch says of tensors whose sizes don't fit.
MISFIT = re.compile(
    r'shapes? .*(multipl|mismatch|invalid)|expected input|running_mean should contain|normalized_shape'
    r'|size of tensor|[Ss]izes of tensors|size mismatch|out of bounds|must match|invalid for input of size'
)
#: What torch says of a batch norm whose input has no variance.
_ONE_VALUE = re.compile(r'more than 1 value per channel')
_FITTING_PARTS = 'Compare in_channels, num_classes and image sizes of backbone, neck, head, data_preprocessor and data.'
_MORE_VALUES = (
    'Take larger images or more of them per process and micro-batch; if only the last batch is that small, set '
    'train_dataloader.drop_last=True.'
)


@contextmanager
def fitting(model: nn.Module, logger: logging.Logger | None = None) -> Iterator[None]:
    """Name the part of a model that is given what it isn't made for in this context.

    Args:
        model: The model, not wrapped.
        logger: Whose log file gets the traceback.

    Raises:
        ConfigError: Instead of torch's error, which is its cause.
    """
    try:
        yield
    except UserError:
        raise
    except (AssertionError, IndexError, RuntimeError, ValueError) as error:
        sentence = describe_misfit(error, model)
        if sentence is None:
            raise
        if logger is not None:
            log_traceback(logger, error)
        raise ConfigError(sentence, 'model') from error


def describe_misfit(error: Exception, model: nn.Module) -> str | None:
    """Say which module could not take its input; ``None`` if the error is none of sizes, or not of a module."""
    one_value = bool(_ONE_VALUE.search(str(error)))
    if not one_value and not MISFIT.search(str(error)):
        return None
    names = {module: name for name, module in model.named_modules()}
    for frame in _innermost_first(error.__traceback__):
        name = names.get(frame['self']) if isinstance(frame.get('self'), nn.Module) else None
        if name is None:
            continue
        shapes = [f'{key} {tuple(value.shape)}' for key, value in frame.items() if isinstance(value, Tensor)]
        given = f', given {", ".join(shapes[:4])}' if shapes else ''
        said = ' '.join(str(error).split())[:200].rstrip('.')
        place = f'model.{name}' if name else 'model'
        way_out = _MORE_VALUES if one_value else _FITTING_PARTS
        return f'{place} ({type(frame["self"]).__name__}) does not fit its input{given}: {said}. {way_out}'
    return None


def _innermost_first(trace: TracebackType | None) -> Iterator[dict[str, Any]]:
    for frame, _ in reversed(list(traceback.walk_tb(trace))):
        yield frame.f_locals
