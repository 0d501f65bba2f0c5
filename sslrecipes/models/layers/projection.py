"""Multi-layer perceptron of projection heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmcv.cnn import build_activation_layer
from torch import nn

from sslrecipes.errors import ConfigError

GELU = {'type': 'GELU'}
RELU = {'type': 'ReLU', 'inplace': True}


def projection(
    in_channels: int,
    hidden_channels: int,
    out_channels: int,
    num_layers: int,
    with_bn: bool,
    act_cfg: Mapping[str, Any],
    bias: bool = True,
    last_bias: bool = True,
) -> nn.Module:
    """Build ``num_layers`` linear layers with :func:`hidden_layers` before the last, whose bias is ``last_bias``.

    A single layer is an ``nn.Linear`` and no sequence, so that its parameters have the names that they have officially.

    Raises:
        ConfigError: For fewer than one layer.

    Source: ``DINOHead`` of facebookresearch/dino; ``MLP`` and ``MOCOHead`` of SSLight.
    """
    if num_layers < 1:
        raise ConfigError(f'A projection has at least one layer: num_layers is {num_layers}.')
    if num_layers == 1:
        return nn.Linear(in_channels, out_channels, bias=last_bias)
    hidden = hidden_layers(in_channels, hidden_channels, num_layers - 1, with_bn, act_cfg, bias)
    return nn.Sequential(*hidden, nn.Linear(hidden_channels, out_channels, bias=last_bias))


def hidden_layers(
    in_channels: int,
    hidden_channels: int,
    num_layers: int,
    with_bn: bool,
    act_cfg: Mapping[str, Any],
    bias: bool = True,
) -> list[nn.Module]:
    """Build ``num_layers`` linear layers, each with a batch norm (if ``with_bn``) and an activation.

    The biases stay beside batch norms unless ``bias`` is false.
    """
    layers: list[nn.Module] = []
    for channels in (in_channels, *[hidden_channels] * (num_layers - 1)):
        layers.append(nn.Linear(channels, hidden_channels, bias=bias or not with_bn))
        layers += [nn.BatchNorm1d(hidden_channels)] if with_bn else []
        layers.append(build_activation_layer(dict(act_cfg)))
    return layers
