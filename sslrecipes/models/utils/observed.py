"""Modules that show what they compute to whoever watches the training."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Observer = Callable[[str, Tensor], None]


class Observed:
    """Mixin of modules with outputs worth watching.

    Names in use: ``'embedding'``, rows ``(N, C)`` that must not collapse; ``'assignment'``, probabilities ``(N, K)`` of
    a teacher or of prototypes.

    Attributes:
        observer: Called with name and tensor while somebody watches; costs nothing otherwise.
    """

    observer: Observer | None = None

    def show(self, name: str, values: Tensor) -> None:
        """Show ``values`` to the observer, if there is one."""
        if self.observer is not None:
            self.observer(name, values.detach())
