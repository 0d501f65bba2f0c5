"""Weighting of loss terms between two global views, and between global and local views."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.views import NUM_GLOBALS, other_weights, too_few_views
from sslrecipes.errors import ConfigError

__all__ = ['NUM_GLOBALS', 'ViewWeights']


class ViewWeights:
    """Weights of the mean over global-global terms and of the mean over global-local terms.

    Args:
        weights: ``(alpha, beta)``, or ``(alpha,)`` for recipes without local views.

    Raises:
        ConfigError: If there are more or fewer weights, or a negative one.

    Example:
        >>> weights = ViewWeights((0.4, 0.6))
        >>> weights([torch.tensor(1.0), torch.tensor(3.0)], [torch.tensor(5.0)])
        tensor(3.8000)
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self.weights = tuple(float(weight) for weight in weights)
        if len(self.weights) not in (1, 2) or min(self.weights) < 0:
            raise ConfigError(
                f'loss_weights are (global-global, global-local), none of them negative, not {tuple(weights)}.'
            )

    def check(self, num_views: int) -> None:
        """Refuse a number of views that the weights don't fit.

        Raises:
            ConfigError: If there are fewer than two global views, or local views without weight or the reverse.
        """
        refuse(too_few_views(num_views))
        refuse(other_weights('model.head.loss_weights', len(self.weights), num_views - NUM_GLOBALS))

    def __call__(self, global_terms: Sequence[Tensor], local_terms: Sequence[Tensor] = ()) -> Tensor:
        """Return the weighted sum of the two means of scalars."""
        loss = self.weights[0] * torch.stack(list(global_terms)).mean()
        if local_terms:
            loss = loss + self.weights[1] * torch.stack(list(local_terms)).mean()
        return loss
