"""Networks that follow other networks by an exponential moving average."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MomentumNetwork(nn.Module):
    """Teacher or momentum encoder: its parameters follow those of ``sources`` of the same names.

    Only parameters are averaged, truly from the first update on; norms keep statistics of their own. There is no
    gradient. Who calls :meth:`update` decides when: MoCo before the forward pass, DINO after the optimizer's step.

    Args:
        **networks: The followers by name, built like what they follow (drop-path and dropout may differ).
    """

    def __init__(self, **networks: nn.Module) -> None:
        super().__init__()
        for name, network in networks.items():
            self.add_module(name, network)
        self.requires_grad_(False)

    def copy(self, **sources: nn.Module) -> None:
        """Take over the parameters and buffers of ``sources``."""
        for name, source in sources.items():
            self.get_submodule(name).load_state_dict(source.state_dict())

    @torch.no_grad()
    def update(self, momentum: float, **sources: nn.Module) -> None:
        """Set each parameter to ``momentum`` times itself plus ``1 - momentum`` times that of ``sources``."""
        own: list[Tensor] = [param for name in sources for param in self.get_submodule(name).parameters()]
        others = [param.detach() for source in sources.values() for param in source.parameters()]
        torch._foreach_mul_(own, momentum)
        torch._foreach_add_(own, others, alpha=1 - momentum)
