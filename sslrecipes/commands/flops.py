"""Counting operations where torch's own counter goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count, sdpa_backward_flop_count, sdpa_flop_count

_aten = torch.ops.aten


def convolution_backward(
    grad_output: Sequence[int],
    inputs: Sequence[int],
    weight: Sequence[int],
    *options: Any,
    **named: Any,
) -> int:
    """Operations of a convolution's backward pass, of which torch ignores the groups.

    Each of the gradients of input and weight takes as many as the forward pass.

    Args:
        grad_output: Shape of the output's gradient.
        inputs: Shape of the input.
        weight: Shape of the weight, ``(out, in / groups, ...)``.
        options: What else ``aten.convolution_backward`` gets.
        named: Shapes of the results, and options given by name.
    """
    transposed, wanted = options[4], options[7]
    forward = conv_flop_count([*inputs], [*weight], [*grad_output], transposed=transposed)
    return int(forward * sum(wanted[:2]))


def attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *options: Any, **named: Any) -> int:
    """Operations of attention, from the shapes of its inputs."""
    return int(sdpa_flop_count(query, key, value))


def attention_backward(grad_output: Sequence[int], *inputs: Any, **named: Any) -> int:
    """Operations of the backward pass of attention, which computes the similarities once more."""
    return int(sdpa_backward_flop_count(grad_output, *inputs[:3]))


#: Formulas to put in the place of torch's: grouped convolutions, and attention on the CPU, which it doesn't count.
FORMULAS = {
    _aten.convolution_backward: convolution_backward,
    _aten._scaled_dot_product_flash_attention_for_cpu: attention,
    _aten._scaled_dot_product_flash_attention_for_cpu_backward: attention_backward,
}


def flop_counter() -> FlopCounterMode:
    """Return a counter of the operations of matrix products, convolutions and attention."""
    return FlopCounterMode(display=False, custom_mapping=FORMULAS)
