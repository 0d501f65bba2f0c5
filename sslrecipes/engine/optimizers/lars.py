"""LARS: momentum SGD whose step on each weight tensor is scaled by the norm of that tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from sslrecipes.errors import ConfigError
from sslrecipes.registry import OPTIMIZERS

#: What the trust ratio divides by.
DENOMINATORS = ('decayed_gradient', 'gradient_plus_decay')
#: Those that states of earlier releases lack.
LATER_OPTIONS = ('trust_clip', 'dampening', 'nesterov')


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    """Layer-wise adaptive rate scaling in the variants of the official codes.

    For each tensor ``p`` with gradient ``g``, momentum ``m`` and weight decay ``wd``: ``d = g + wd * p``;
    ``d *= trust_coefficient * |p| / denominator`` where both norms are positive; ``buffer = m * buffer + d``;
    ``p -= lr * buffer``. The learning rate stays outside the buffer (mmpretrain's LARS has it inside, which differs as
    soon as the rate changes). A tensor without gradient is left alone, its buffer too.

    Args:
        params: Parameters or groups; ``adapt=False`` in a group means plain momentum SGD with its weight decay.
        lr: Learning rate.
        momentum: Factor of the buffer.
        weight_decay: Factor of the weights in the gradient.
        trust_coefficient: Factor of the trust ratio.
        adapt: Whether tensors are scaled.
        adapt_vectors: Whether tensors of at most one dimension (biases, norms) are scaled and decayed, too.
        adapt_without_decay: Whether groups without weight decay are scaled.
        decay_gradient: Whether weight decay enters the gradient, or the denominator only.
        denominator: ``'decayed_gradient'``, the norm of ``d``, or ``'gradient_plus_decay'``, ``|g| + wd * |p| + eps``.
        eps: Summand of that denominator.
        trust_clip: Divide the trust ratio by the learning rate and let it not exceed 1: steps are at most those of SGD.
        dampening: Share of each gradient but the first that doesn't enter the buffer.
        nesterov: Step along the gradient plus the buffer times the momentum.

    Raises:
        ConfigError: For an unknown ``denominator`` or a negative number.

    Source: SSLight ``utils/lars.py`` and MoCo v3, W2SSL ``moco/optimizer.py`` (the defaults; the latter two with
    ``adapt_vectors=False``); MAE-priv, whose class neither adapts without weight decay nor adds it to the gradient
    (``adapt_without_decay=False, decay_gradient=False, denominator='gradient_plus_decay'``).
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        adapt: bool = True,
        adapt_vectors: bool = True,
        adapt_without_decay: bool = True,
        decay_gradient: bool = True,
        denominator: str = 'decayed_gradient',
        eps: float = 1e-8,
        trust_clip: bool = False,
        dampening: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        options = {name: value for name, value in locals().items() if name not in {'self', 'params', '__class__'}}
        if denominator not in DENOMINATORS:
            raise ConfigError(f'LARS: denominator is one of {", ".join(DENOMINATORS)}, not {denominator!r}.')
        for name, value in options.items():
            if name != 'denominator' and value < 0:
                raise ConfigError(f'LARS: {name} is {value}, but must not be negative.')
        super().__init__(params, options)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a state, also one from before the later options."""
        super().__setstate__(state)
        for group in self.param_groups:
            for option in LATER_OPTIONS:
                group.setdefault(option, self.defaults[option])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [param for param in group['params'] if param.grad is not None]
            vectors = [param for param in params if param.ndim <= 1 and not group['adapt_vectors']]
            weights = [param for param in params if param.ndim > 1 or group['adapt_vectors']]
            if vectors:
                self._move(vectors, gradients_of(vectors), group)
            if weights:
                self._move(weights, self._scaled(weights, group), group)
        return loss

    def _scaled(self, params: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        """Gradients with weight decay and trust ratio."""
        decay, grads = group['weight_decay'], gradients_of(params)
        directions = grads
        if decay and group['decay_gradient']:
            directions = list(torch._foreach_add(grads, params, alpha=decay))
        if not group['adapt'] or (decay == 0 and not group['adapt_without_decay']):
            return directions
        weights = torch.stack(torch._foreach_norm(params))
        if group['denominator'] == 'decayed_gradient':
            divisors = gradients = torch.stack(torch._foreach_norm(directions))
        else:
            gradients = torch.stack(torch._foreach_norm(grads))
            divisors = gradients + decay * weights + group['eps']
        ratios = group['trust_coefficient'] * weights / divisors
        ratios = ratios.where((weights > 0) & (gradients > 0), 1.0)
        if group['trust_clip']:
            ratios = (ratios / group['lr']).clamp_max(1.0)
        return list(torch._foreach_mul(directions, list(ratios.unbind())))

    def _move(self, params: list[Tensor], directions: list[Tensor], group: dict[str, Any]) -> None:
        """Momentum and step."""
        shares = [1.0 - group['dampening'] * ('momentum_buffer' in self.state[param]) for param in params]
        buffers = [self._buffer(param) for param in params]
        torch._foreach_mul_(buffers, group['momentum'])
        damped = list(torch._foreach_mul(directions, shares)) if group['dampening'] else directions
        torch._foreach_add_(buffers, damped)
        steps = buffers
        if group['nesterov']:
            steps = list(torch._foreach_add(directions, buffers, alpha=group['momentum']))
        torch._foreach_add_(params, steps, alpha=-group['lr'])

    def _buffer(self, param: Tensor) -> Tensor:
        state = self.state[param]
        if 'momentum_buffer' not in state:
            state['momentum_buffer'] = torch.zeros_like(param)
        buffer: Tensor = state['momentum_buffer']
        return buffer


def gradients_of(params: list[Tensor]) -> list[Tensor]:
    """Gradients of parameters that all have one."""
    return [param.grad for param in params if param.grad is not None]
