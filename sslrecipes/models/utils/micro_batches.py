"""What an optimizer step's micro-batches contribute to statistics that move once per step."""

from __future__ import annotations

from torch import Tensor


class MicroBatches:
    """Tensors of the micro-batches of an optimizer step, kept until the last one has come.

    They live as gradients do: no checkpoint is written in between, and a step that is begun anew has none.

    Attributes:
        count: Micro-batches of a step.
        kept: Tensors of those that the present step has seen, the last one excluded.
    """

    def __init__(self) -> None:
        self.expect(1)

    def expect(self, count: int) -> None:
        """Begin a step of ``count`` micro-batches."""
        self.count = count
        self.kept: list[Tensor] = []

    def add(self, values: Tensor) -> list[Tensor]:
        """Take the values of a micro-batch; return those of the whole step if it was the last one, else none."""
        self.kept.append(values)
        if len(self.kept) < self.count:
            return []
        whole, self.kept = self.kept, []
        return whole
