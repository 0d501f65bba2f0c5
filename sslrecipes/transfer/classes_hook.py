"""Heads have as many classes as the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.registry import HOOKS

HEADS = ('bbox_head', 'mask_head', 'decode_head', 'auxiliary_head')


@HOOKS.register_module()
class ClassesHook(Hook):
    """Refuse to train heads for another number of classes than the training data has.

    Upstream trains them: labels beyond are background to a box head, and classes that don't occur cost nothing.
    """

    def before_train(self, runner: Runner) -> None:
        """Compare.

        Raises:
            ConfigError: If they differ.
        """
        model: Any = runner.model.module if is_model_wrapper(runner.model) else runner.model
        check_classes(model, getattr(runner.train_dataloader.dataset, 'metainfo', {}))


def check_classes(model: nn.Module, metainfo: Mapping[str, Any]) -> None:
    """Compare the heads of a detector or segmentor with what a data set says of itself.

    Args:
        model: The model.
        metainfo: With ``classes``, or ``thing_classes`` where there is also stuff; without either, nothing is checked.

    Raises:
        ConfigError: If a head has another number of classes.
    """
    classes = metainfo.get('thing_classes') or metainfo.get('classes')
    for name, head in model.named_modules():
        found = getattr(head, 'num_classes', None)
        if classes and found and name.rpartition('.')[2] in HEADS and found != len(classes):
            some = ', '.join(classes[:3])
            raise ConfigError(
                f'model.{name}.num_classes is {found}, but the data has {len(classes)} classes ({some} ...).'
            )
