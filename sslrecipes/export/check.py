"""Comparing the features of two networks that shall be one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sslrecipes.errors import CheckpointError


@dataclass(frozen=True)
class Limit:
    """Largest allowed difference of a feature map.

    Attributes:
        absolute: In any case.
        relative: As a part of the map's largest value.
    """

    absolute: float
    relative: float


FLOAT64 = Limit(absolute=1e-5, relative=1e-8)
"""For two networks that compute in float64: rounding stays far below it, only a wrong network comes above."""
FLOAT32 = Limit(absolute=float('inf'), relative=1e-4)
"""For two programs that compute in float32 and round differently."""


def compare(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], other: str, limit: Limit = FLOAT64) -> str:
    """Compare features by name.

    Args:
        wanted: Features of our network.
        found: Those of the other one, in the same shapes.
        other: What the other network is called in messages.
        limit: Largest allowed difference.

    Returns:
        A line for the report.

    Raises:
        CheckpointError: A feature differs by more than ``limit``, has another shape, or isn't a number.
    """
    lines = []
    for name, feature in wanted.items():
        if feature.shape != found[name].shape:
            shapes = f'{tuple(found[name].shape)} instead of {tuple(feature.shape)}'
            raise CheckpointError(f'Nothing was written: {other} gives "{name}" in the shape {shapes}.')
        difference = float((feature - found[name]).abs().max())
        allowed = min(limit.absolute, limit.relative * float(feature.abs().max()))
        if not difference <= allowed:
            raise CheckpointError(
                f'Nothing was written: {other} gives another "{name}" of a photograph than our network; '
                f'it differs by {difference:.2g}, more than {allowed:.2g}.'
            )
        lines.append(f'{name} {difference:.1e} (limit {allowed:.1e})')
    return f'checked: {other} gives the same features of two photographs; largest differences: {", ".join(lines)}'


def fill(network: nn.Module, state: Mapping[str, Any]) -> nn.Module:
    """Load weights completely and set the network to evaluation; counters of batch norms may be absent.

    Raises:
        CheckpointError: A weight is missing, left over or of another shape.
    """
    try:
        result = network.load_state_dict(dict(state), strict=False)
    except RuntimeError as error:
        reason = ' '.join(str(error).split())
        raise CheckpointError(f'The weights do not fit {type(network).__name__}: {reason}') from error
    missing = [name for name in result.missing_keys if not name.endswith('num_batches_tracked')]
    if missing or result.unexpected_keys:
        raise CheckpointError(
            f'The weights do not fill {type(network).__name__}: missing {missing[:4]}, left over '
            f'{result.unexpected_keys[:4]}.'
        )
    network.eval()
    return network


@torch.no_grad()
def outputs_of(network: nn.Module, places: Mapping[str, str], images: Tensor) -> dict[str, Tensor]:
    """Run a network once and keep the outputs of some of its modules.

    Args:
        network: In evaluation mode.
        places: Name of the feature -> name of the module, ``''`` for the network itself.
        images: ``(B, 3, H, W)``.

    Returns:
        Name of the feature -> output; of a tuple the last part.
    """
    kept: dict[str, Tensor] = {}

    def keep(name: str, output: Any) -> None:
        kept[name] = output[-1] if isinstance(output, tuple | list) else output

    handles = [
        network.get_submodule(place).register_forward_hook(lambda _m, _i, output, name=name: keep(name, output))
        for name, place in places.items()
    ]
    try:
        network(images)
    finally:
        for handle in handles:
            handle.remove()
    return kept
