"""What counts classes beside heads and data: metrics, accuracies of heads, preprocessors of labels."""

from __future__ import annotations

from typing import Any

from torch import nn

from sslrecipes.engine.class_count import head_classes
from sslrecipes.errors import ConfigError, counted


def check_preprocessor(model: nn.Module) -> None:
    """Compare the classes of the preprocessor, which mixes labels, with those of the heads.

    Raises:
        ConfigError: If they differ.
    """
    mixed = getattr(getattr(model, 'data_preprocessor', None), 'num_classes', None)
    for place, found in head_classes(model).items():
        if isinstance(mixed, int) and mixed != found:
            raise ConfigError(f'data_preprocessor.num_classes is {mixed}, but {place} is {found}.', place)


def check_accuracies(model: nn.Module, loop: Any, evaluator: str) -> None:
    """Compare the k of top-k accuracies, of an evaluator's metrics and of heads, with the number of classes.

    Torch would end in an error after the epoch that was validated.

    Args:
        model: The model, not wrapped; without heads that count classes, there is no largest k.
        loop: Loop that may have an evaluator.
        evaluator: Where the evaluator stands in the config.

    Raises:
        ConfigError: If a k is larger, or below 1.
    """
    classes = max(head_classes(model).values(), default=None)
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', None) or ()
    users = {f'{evaluator} ({type(metric).__name__})': metric for metric in metrics}
    users |= {f'model.{name}': part for name, part in model.named_modules() if getattr(part, 'cal_acc', False)}
    for place, user in users.items():
        ks = _ks(getattr(user, 'topk', None))
        if ks and min(ks) < 1:
            raise ConfigError(f'{place} asks for top-{min(ks)}, but the best class is top-1: raise topk.', evaluator)
        if classes is not None and max(ks, default=0) > classes:
            there_are = f'there {"is" if classes == 1 else "are"} {counted(classes, "class")}'
            raise ConfigError(f'{place} asks for top-{max(ks)}, but {there_are}: lower topk.', evaluator)


def _ks(topk: Any) -> list[int]:
    return [k for k in (topk if isinstance(topk, (list, tuple)) else [topk]) if isinstance(k, int)]
