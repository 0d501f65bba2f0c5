"""Two-layer perceptron."""

from __future__ import annotations

from torch import Tensor, nn


class MLP(nn.Module):
    """Linear, GELU (exact), Linear; no residual, no norm.

    Args:
        dims: Channels of input and output.
        hidden_dims: Channels between.
    """

    def __init__(self, dims: int, hidden_dims: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dims, hidden_dims)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden_dims, dims)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(..., dims)`` to ``(..., dims)``."""
        return self.fc2(self.act(self.fc1(x)))
