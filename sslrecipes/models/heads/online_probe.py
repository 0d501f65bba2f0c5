"""Linear classifier that trains itself, without an optimizer."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from mmengine.dist import all_reduce
from torch import Tensor, nn

EPS = 1e-6
WINDOW = 10
"""Steps over which the statistics of the features are averaged."""


class OnlineProbe(nn.Module):
    """Linear classifier that takes its own steps of SGD with momentum; its state is buffers, which no optimizer sees.

    Features are standardised by running statistics, as by a batch norm without affine, and the learning rate is divided
    by their width, so that one learning rate suits backbones of any width and scale. Weights ``(K, C + 1)``, the biases
    in the last column, start at zero. All ranks have the same state.

    Args:
        in_channels: Width C of the features.
        num_classes: Number of classes K.
    """

    weight: Tensor
    velocity: Tensor
    mean: Tensor
    variance: Tensor
    steps: Tensor

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        for name in ('weight', 'velocity'):
            self.register_buffer(name, torch.zeros(num_classes, in_channels + 1))
        for name in ('mean', 'variance'):
            self.register_buffer(name, torch.zeros(in_channels))
        self.register_buffer('steps', torch.tensor(0))

    def forward(self, features: Tensor) -> Tensor:
        """Logits ``(B, K)`` of features ``(B, C)``."""
        return self._standardised(features) @ self.weight.T

    @torch.no_grad()
    def step(self, features: Tensor, labels: Tensor, lr: float, momentum: float) -> float:
        """Take a step of cross-entropy on the samples of all ranks; collective.

        Args:
            features: ``(B, C)``; B is the same on all ranks.
            labels: Classes ``(B,)``.
            lr: Learning rate, times C.
            momentum: Momentum, without dampening.

        Returns:
            Share in % of the samples that were right before the step.
        """
        self._follow(features.float())
        rows = self._standardised(features)
        logits = rows @ self.weight.T
        right = (logits.argmax(dim=1) == labels).float().mean()
        gradient = (logits.softmax(dim=1) - F.one_hot(labels, logits.shape[1])).T @ rows / len(rows)
        all_reduce(gradient, 'mean')
        all_reduce(right, 'mean')
        self.velocity.mul_(momentum).add_(gradient)
        self.weight.sub_(self.velocity, alpha=lr / features.shape[1])
        return 100 * right.item()

    def _follow(self, features: Tensor) -> None:
        """Let the statistics follow those of the features of all ranks."""
        moments = torch.stack([features.mean(dim=0), features.square().mean(dim=0)])
        all_reduce(moments, 'mean')
        self.steps += 1
        share = 1 / self.steps.clamp(max=WINDOW)
        self.mean.lerp_(moments[0], share)
        self.variance.lerp_(moments[1] - moments[0].square(), share)

    def _standardised(self, features: Tensor) -> Tensor:
        """Standardised features with a constant 1 at the end ``(B, C + 1)``."""
        rows = (features.float() - self.mean) / (self.variance.clamp(min=0) + EPS).sqrt()
        return F.pad(rows, (0, 1), value=1.0)
