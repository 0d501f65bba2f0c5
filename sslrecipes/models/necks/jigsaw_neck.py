"""From the features of a puzzle's pieces to those of the puzzle."""

from __future__ import annotations

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslrecipes.config.rules import refuse_bad_values
from sslrecipes.config.rules.checks import whole
from sslrecipes.models.layers.projection import RELU, hidden_layers
from sslrecipes.models.utils.puzzles import NUM_PIECES
from sslrecipes.registry import MODELS


@MODELS.register_module()
class JigsawNeck(BaseModule):
    """A layer that all pieces share, then one on what it makes of all of them, side by side (fc6 and fc7).

    Args:
        in_channels: Width of the features of a piece.
        hidden_channels: Width of the shared layer.
        out_channels: Width C of the features of a puzzle.
        with_bn: Whether a batch norm follows each of both layers, which then have no bias; not in the paper.
        init_cfg: Initialisation; torch's own by default.

    Raises:
        ConfigError: For a width that can't be meant.

    Source: the context-free network of arXiv:1603.09246, without its dropout.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int = 1024,
        out_channels: int = 4096,
        with_bn: bool = False,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = {'in_channels': in_channels, 'hidden_channels': hidden_channels, 'out_channels': out_channels}
        refuse_bad_values('JigsawNeck', widths, dict.fromkeys(widths, whole(1)))
        self.piece = nn.Sequential(*hidden_layers(in_channels, hidden_channels, 1, with_bn, RELU, bias=False))
        joined = NUM_PIECES * hidden_channels
        self.puzzle = nn.Sequential(*hidden_layers(joined, out_channels, 1, with_bn, RELU, bias=False))
        self.out_channels = out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Features ``(B, C)`` of puzzles whose pieces have ``(9 * B, D)``, those of a puzzle together."""
        pieces = self.piece(features)
        puzzle: Tensor = self.puzzle(pieces.view(len(features) // NUM_PIECES, -1))
        return puzzle
