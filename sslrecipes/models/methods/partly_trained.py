"""A classifier of which some parts learn while the others only go on collecting statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmpretrain.models import ImageClassifier

from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import items
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.registry import MODELS


def _parts(value: Any) -> str | None:
    """At least one, in a list: each letter of a text would be the name of a part."""
    return None if value and items(value) is None else 'a list with the name of at least one part'


@MODELS.register_module()
class PartlyTrainedClassifier(ImageClassifier):
    """An ``ImageClassifier`` whose parameters are frozen but for some parts.

    Other than with a backbone's ``frozen_stages``, all of it is in training mode: batch norms behind frozen weights use
    the statistics of the batch, and their running statistics follow. So S3L trains a new conv5, whose inputs then are
    what they will be in the fine-tuning that follows.

    Args:
        trained: Names of the parts that learn: children of the model (``'head'``) or of its backbone (``'layer4'``).
        **kwargs: Arguments of mmpretrain's ``ImageClassifier``.

    Raises:
        ConfigError: If a part isn't there, or there is none.

    Source: ``main_freeze.py --freeze`` of S3L.
    """

    def __init__(self, *, trained: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        refuse(bad_value('model.trained', trained, _parts), 'model.trained')
        parts = {**dict(self.backbone.named_children()), **dict(self.named_children())}
        for name in trained:
            if name not in parts:
                raise ConfigError(f'model.trained: there is no "{name}" in the model.{did_you_mean(name, list(parts))}')
        self.requires_grad_(False)
        for name in trained:
            parts[name].requires_grad_(True)
