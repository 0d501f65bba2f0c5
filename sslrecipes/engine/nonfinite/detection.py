"""Losses and gradients that aren't finite: finding them, and undoing what a step that isn't taken has changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sslrecipes.engine.loops import seed_generators
from sslrecipes.models.utils.progress import Progress

NAMES_SHOWN = 3


class MicroBatch(NamedTuple):
    """A micro-batch of an optimizer step.

    Attributes:
        seed: The rank's seed.
        iteration: Micro-batches done before; what the model draws follows from the two.
        batch: As it came from the loader.
        progress: Fields of the :class:`Progress` of the optimizer step that it begins; None if it begins none.
    """

    seed: int
    iteration: int
    batch: Any
    progress: Sequence[int] | None = None


@dataclass(frozen=True)
class Finding:
    """What isn't finite in an optimizer step of this process.

    Args:
        losses: Loss of each micro-batch.
        gradients: Names of the parameters whose gradient isn't finite and should be.
    """

    losses: tuple[float, ...]
    gradients: tuple[str, ...]

    @property
    def bad_loss(self) -> bool:
        """Whether any loss isn't finite."""
        return not all(map(math.isfinite, self.losses))

    def __bool__(self) -> bool:
        return self.bad_loss or bool(self.gradients)

    def __str__(self) -> str:
        losses = ', '.join(f'{loss:.6g}' for loss in self.losses)
        more = len(self.gradients) - NAMES_SHOWN
        names = ', '.join(self.gradients[:NAMES_SHOWN]) + (f' and {more} more' if more > 0 else '')
        return f'loss {losses}; ' + (f'gradients not finite: {names}' if names else 'gradients finite')


def surely_finite(losses: Sequence[Tensor], model: nn.Module) -> bool:
    """Look quickly, with one wait for the device; ``False`` may also mean very large.

    The norm of a gradient, one number each, shows every NaN and infinity in it, and overflows itself above 1e19.
    """
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    norms = torch._foreach_norm(gradients) if gradients else ()
    return bool(torch.stack([value.float() for value in (*losses, *norms)]).isfinite().all())


def bad_gradients(model: nn.Module) -> tuple[str, ...]:
    """Names of the parameters whose gradient holds a NaN or an infinity; exact."""
    return tuple(
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and not parameter.grad.isfinite().all()
    )


class UntrainedState:
    """What a checkpoint of a model holds and no optimizer trains: buffers, queues, momentum networks.

    A forward pass may change it. (What is in no checkpoint, such as TEC's base model, never changes.)

    Args:
        model: The model.
    """

    def __init__(self, model: nn.Module) -> None:
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        stored = model.state_dict(keep_vars=True).keys() - trained
        tensors = (*model.named_parameters(), *model.named_buffers())
        self.model = model
        self.names = [name for name, _ in tensors if name in stored]
        self.copies: list[Tensor] = []

    def remember(self) -> None:
        """Copy it, before the first forward pass of a step."""
        tensors = self._tensors()
        if not self.copies:
            self.copies = [torch.empty_like(tensor) for tensor in tensors]
        if tensors:
            torch._foreach_copy_(self.copies, tensors)

    def restore(self) -> None:
        """Put it back."""
        if self.copies:
            torch._foreach_copy_(self._tensors(), self.copies)

    def _tensors(self) -> list[Tensor]:
        """Look the tensors up anew: a model may have put another one in a buffer's place."""
        owners = (name.rpartition('.') for name in self.names)
        return [getattr(self.model.get_submodule(owner), name).detach() for owner, _, name in owners]


class GradientsOnly:
    """Stands for an optimizer wrapper in ``train_step``: backward passes as in training, no step.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        dtype: Autocast type; ``None`` for none.
        accumulative_counts: Micro-batches of a step.
        loss_scale: Factor of the loss in the backward pass.
    """

    def __init__(
        self, device: str, dtype: torch.dtype | None = None, accumulative_counts: int = 1, loss_scale: float = 1.0
    ) -> None:
        self.device = device
        self.dtype = dtype
        self.accumulative_counts = accumulative_counts
        self.loss_scale = loss_scale
        self.losses: list[float] = []

    @contextmanager
    def optim_context(self, _model: nn.Module) -> Iterator[None]:
        """Autocast as the run did."""
        with torch.autocast(self.device, dtype=self.dtype, enabled=self.dtype is not None):
            yield

    def update_params(self, loss: Tensor, *_: Any, **__: Any) -> None:
        """Run the backward pass."""
        self.losses.append(float(loss.detach()))
        (loss / self.accumulative_counts * self.loss_scale).backward()


def repeat(model: Any, micro_batch: MicroBatch, gradients: GradientsOnly) -> dict[str, float]:
    """Run a micro-batch as the training loop did, on a model (not wrapped) in the state it had then.

    Returns:
        The logged values.
    """
    seed_generators(micro_batch.seed, micro_batch.iteration)
    if micro_batch.progress is not None and hasattr(model, 'begin_step'):
        model.begin_step(Progress(*micro_batch.progress))
    logged = model.train_step(micro_batch.batch, gradients)
    return {name: torch.as_tensor(value).item() for name, value in logged.items()}
