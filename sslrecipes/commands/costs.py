"""What a training step costs: parameters, FLOPs, memory."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sslrecipes.commands.flops import flop_counter
from sslrecipes.engine.misfit import fitting
from sslrecipes.models.utils.progress import Progress

#: Sizes of the networks' input where passes are counted; what grows with the batch is told from what doesn't. Batch
#: norms that see a single value of each channel for each picture need two.
PROBES = (2, 4)


class StepCost(NamedTuple):
    """Costs of a training step of B images: ``flops * B + step_flops``, and so on.

    Operations are those of matrix products, convolutions and attention in the forward and backward passes of all
    networks, teachers included. Queues are as they are at first: SwAV's is empty.

    Attributes:
        parameters: Number of all parameters, frozen ones included.
        trainable: Number of parameters the optimizer updates.
        flops: Floating-point operations for each image.
        step_flops: Those that don't depend on the number of images.
        activations: Bytes that the forward pass keeps for the backward pass, for each image.
        step_activations: Those that don't depend on the number of images, such as normalised weights.
        states: Bytes of parameters, buffers, gradients and optimizer moments.
    """

    parameters: int
    trainable: int
    flops: float
    step_flops: float
    activations: float
    step_activations: float
    states: int


def step_cost(
    model: Any,
    make_batch: Callable[[int], dict[str, Any]],
    moments: int = 2,
    progress: Progress | None = None,
) -> StepCost:
    """Run forward and backward passes of copies of the model on small batches, and count; collective.

    Args:
        model: A model with ``data_preprocessor`` and mode ``'loss'``; it stays as it is. If its networks see several
            images in one picture, ``images_per_input`` says how many.
        make_batch: Makes a collated batch of a number of images.
        moments: How many the optimizer keeps of each parameter.
        progress: Position of the step, which some methods need to know.
    """
    few, many = (count * getattr(model, 'images_per_input', 1) for count in PROBES)
    (flops, kept), (more_flops, more_kept) = (count_passes(model, make_batch(n), progress) for n in (few, many))
    slope, kept_slope = (more_flops - flops) / (many - few), (more_kept - kept) / (many - few)
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    states = 4 * (parameters + trainable * (1 + moments))
    states += sum(buffer.nbytes for buffer in model.buffers())
    return StepCost(parameters, trainable, slope, flops - few * slope, kept_slope, kept - few * kept_slope, states)


def count_passes(model: Any, batch: dict[str, Any], progress: Progress | None) -> tuple[int, int]:
    """Count the operations of a forward and a backward pass, and the bytes kept in between, on a copy of the model."""
    model = deepcopy(model).train()
    if progress is not None and hasattr(model, 'begin_step'):
        model.begin_step(progress)
    data = model.data_preprocessor(batch, training=True)
    kept: dict[int, int] = {}
    known = {storage(tensor) for tensor in (*model.parameters(), *model.buffers())}

    def keep(tensor: Tensor) -> Tensor:
        if storage(tensor) not in known:
            kept[storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    with fitting(model), flop_counter() as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss, _ = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
    return counter.get_total_flops(), sum(kept.values())


def storage(tensor: Tensor) -> int:
    """Identify the memory a tensor looks at."""
    return tensor.untyped_storage().data_ptr()
