"""What a method computes in a training step, taken while it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.methods.feature_model import pool_features
from sslrecipes.models.utils.observed import Observed

MAX_VALUES = 2**22


def pooled_features(backbone: nn.Module, output: Any, pool: str = 'avg') -> Tensor:
    """Features ``(N, C)`` from whatever a backbone returned; of a masked image those of the visible patches.

    Args:
        backbone: The backbone.
        output: Tensor, tensors of several stages, or (latent or latents, mask, ids_restore) of masked images.
        pool: See :func:`sslrecipes.models.methods.feature_model.pool_features`.
    """
    if _is_masked(output):
        output = output[0]
    last = output[-1] if isinstance(output, tuple | list) else output
    return pool_features(last, pool, getattr(backbone, 'num_extra_tokens', 0))


def _is_masked(output: Any) -> bool:
    """Tell (latent, mask, ids_restore) by the indices at its end."""
    return isinstance(output, tuple) and len(output) == 3 and output[-1].dtype == torch.long


class BackboneTap:
    """Keeps the pooled features of a model's backbone while it is open.

    Args:
        backbone: The backbone.
        pool: See :func:`pooled_features`.

    Attributes:
        features: Detached features of each forward pass since it was opened.
    """

    def __init__(self, backbone: nn.Module, pool: str = 'avg') -> None:
        self.backbone = backbone
        self.pool = pool
        self.features: list[Tensor] = []
        self._handle: torch.utils.hooks.RemovableHandle | None = None

    def open(self) -> None:
        """Drop what was kept and register the hook."""
        self.close()
        self.features = []
        self._handle = self.backbone.register_forward_hook(self._keep)

    def close(self) -> None:
        """Remove the hook; what was kept stays."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _keep(self, backbone: nn.Module, _inputs: Any, output: Any) -> None:
        with torch.no_grad():
            self.features.append(pooled_features(backbone, output, self.pool).detach())


class Observation:
    """Keeps embeddings and assignments of forward passes while it is open.

    Embeddings are those that modules of the method show (:class:`Observed`; not those of its momentum networks), else
    the pooled features of its backbone.

    Args:
        model: The method.
        limit: Rows of each that are given out: the first ones, which methods of several views fill with different
            images. With many prototypes fewer assignments, no more than :data:`MAX_VALUES` probabilities.
    """

    def __init__(self, model: nn.Module, limit: int) -> None:
        self.limit = limit
        self.observed = list(observed_modules(model))
        backbone = getattr(model, 'backbone', None)
        self.tap = BackboneTap(backbone) if isinstance(backbone, nn.Module) else None
        self.is_open = False
        self._shown: defaultdict[str, list[Tensor]] = defaultdict(list)

    @property
    def possible(self) -> bool:
        """Whether there may be anything to see."""
        return bool(self.observed or self.tap)

    def open(self) -> None:
        """Drop what was kept and register the observers."""
        self.forget()
        self.is_open = True
        for module in self.observed:
            module.observer = self._see
        if self.tap:
            self.tap.open()

    def close(self) -> None:
        """Remove the observers; what was kept stays."""
        self.is_open = False
        for module in self.observed:
            module.observer = None
        if self.tap:
            self.tap.close()

    def forget(self) -> None:
        """Free the memory of what was kept."""
        self._shown.clear()
        if self.tap:
            self.tap.features = []

    @property
    def is_full(self) -> bool:
        """Whether there are as many embeddings as are given out."""
        embeddings = self.embeddings
        return embeddings is not None and len(embeddings) >= self.limit

    @property
    def embeddings(self) -> Tensor | None:
        """Rows ``(N, C)``; None if there was nothing to see."""
        features = self.tap.features if self.tap else []
        return self._rows(self._shown['embedding'] or features)

    @property
    def assignments(self) -> Tensor | None:
        """Rows ``(N, K)``; None if there was nothing to see."""
        rows = self._rows(self._shown['assignment'])
        return None if rows is None else rows[: MAX_VALUES // rows.shape[1]]

    def _see(self, name: str, values: Tensor) -> None:
        self._shown[name].append(values)

    def _rows(self, parts: list[Tensor]) -> Tensor | None:
        """The first rows, of the first part and those like it."""
        alike = [part for part in parts if part.shape[1:] == parts[0].shape[1:]]
        return torch.cat(alike)[: self.limit] if alike else None


def observed_modules(model: nn.Module) -> Iterator[Observed]:
    """Yield the modules that show what they compute, except those in momentum networks."""
    followers = {
        part for network in model.modules() if isinstance(network, MomentumNetwork) for part in network.modules()
    }
    yield from (module for module in model.modules() if isinstance(module, Observed) and module not in followers)
