"""Export to torchvision: ResNets, MobileNetV2 and ViTs under its names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torchvision
from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import ResNetArch, ViTArch
from sslrecipes.checkpoint.conversion.keymaps.torchvision import TORCHVISION
from sslrecipes.checkpoint.conversion.keymaps.torchvision_vit import TORCHVISION_VIT
from sslrecipes.errors import CheckpointError
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.check import compare, fill, outputs_of
from sslrecipes.export.plain_file import write_checked
from sslrecipes.export.source import Source

_STAGES = {name: name for name in ('layer1', 'layer2', 'layer3', 'layer4')}


def export_torchvision(source: Source, out: str | Path) -> ExportReport:
    """Write the weights for ``torchvision.models``, without a classifier.

    Raises:
        CheckpointError: torchvision has no such network, or its features differ from ours.
    """
    network, places, call = _network(source)
    keymap = TORCHVISION_VIT if isinstance(source.arch, ViTArch) else TORCHVISION
    state = keymap.to_official(source.prefixed)

    def check(held: dict[str, Tensor]) -> str:
        found = outputs_of(fill(network, held).double(), places, source.images.double())
        return compare(source.features(), found, f'torchvision {torchvision.__version__}')

    checked = write_checked(out, state, source.metadata, check)
    load = f'load into: {call}, its classifier replaced by Identity'
    return report(out, state, source.metadata, checked, load, 'the head: new, set in its place after loading')


def _network(source: Source) -> tuple[nn.Module, dict[str, str], str]:
    """The network of torchvision without classifier, the places of its features and the call that builds it."""
    arch = source.arch
    if isinstance(arch, ViTArch):
        return _vit(arch, source.heads)
    if isinstance(arch, ResNetArch):
        if (arch.stem_channels, arch.base_channels, arch.stem_kernel) != (64, 64, 7):
            raise CheckpointError(f'torchvision has no {arch}.')
        name, arguments = f'resnet{arch.depth}', {}
        places = _STAGES
    else:
        name, arguments, places = 'mobilenet_v2', {'width_mult': arch.widen_factor}, {'conv2': 'features.18'}
    network = torchvision.models.get_model(name, weights=None, **arguments)
    setattr(network, 'fc' if isinstance(arch, ResNetArch) else 'classifier', nn.Identity())
    return network, places, _call(name, arguments if arguments != {'width_mult': 1.0} else {})


def _vit(arch: ViTArch, heads: int) -> tuple[nn.Module, dict[str, str], str]:
    if not (arch.cls_token and arch.final_norm and arch.qkv_bias) or arch.pooled_norm:
        raise CheckpointError(
            "torchvision's ViTs have a class token, biases and a norm of all tokens, but no norm of their mean."
        )
    arguments = dict(
        image_size=arch.image_size,
        patch_size=arch.patch_size,
        num_layers=arch.depth,
        num_heads=heads,
        hidden_dim=arch.width,
        mlp_dim=arch.hidden,
    )
    network = torchvision.models.VisionTransformer(**arguments)
    network.heads = nn.Identity()
    return network, {'tokens': 'encoder'}, _call('VisionTransformer', arguments)


def _call(name: str, arguments: dict[str, Any]) -> str:
    return f'torchvision.models.{name}({", ".join(f"{key}={value!r}" for key, value in arguments.items())})'
