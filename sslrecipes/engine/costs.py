"""What a training step costs: parameters, FLOPs, memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

MOMENTS = {'AdamW': 2, 'Adam': 2, 'Lamb': 2, 'SGD': 1, 'LARS': 1}


class StepCost(NamedTuple):
    """Costs of a training step.

    Attributes:
        parameters: Number of all parameters, frozen ones included.
        trainable: Number of parameters the optimizer updates.
        flops: Floating-point operations per image, forward and backward (matrix products and convolutions).
        activations: Bytes per image that the forward pass keeps for the backward pass.
        states: Bytes of parameters, gradients and optimizer moments.
    """

    parameters: int
    trainable: int
    flops: float
    activations: float
    states: int


def step_cost(model: Any, batch: dict[str, Any], optimizer_type: str = 'AdamW') -> StepCost:
    """Run one forward and backward pass of a small batch and count.

    Args:
        model: A model with ``data_preprocessor`` and mode ``'loss'``.
        batch: Collated batch of a loader; two images suffice.
        optimizer_type: Decides the number of moments per parameter.
    """
    data = model.data_preprocessor(batch, training=True)
    images = len(data['inputs'][0]) if isinstance(data['inputs'], (list, tuple)) else len(data['inputs'])
    kept: dict[int, int] = {}
    known = {storage(p) for p in model.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        if storage(tensor) not in known:
            kept[storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    model.train()
    with FlopCounterMode(display=False) as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            loss, _ = model.parse_losses(model(**data, mode='loss'))
        activations = sum(kept.values())
        loss.backward()
    model.zero_grad()
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    states = 4 * (parameters + trainable * (1 + MOMENTS.get(optimizer_type, 2)))
    return StepCost(parameters, trainable, counter.get_total_flops() / images, activations / images, states)


def storage(tensor: Tensor) -> int:
    """Identify the memory a tensor looks at."""
    return tensor.untyped_storage().data_ptr()


def optimizer_name(optim_wrapper: OptimWrapper | dict[str, Any]) -> str:
    """Type name of the optimizer, built or not."""
    if isinstance(optim_wrapper, dict):
        return str(optim_wrapper['optimizer']['type'])
    return type(optim_wrapper.optimizer).__name__
