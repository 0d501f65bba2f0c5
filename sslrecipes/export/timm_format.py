"""Export to timm: ViTs, ResNets and MobileNetV2 under its names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import MobileNetV2Arch, ResNetArch, ViTArch
from sslrecipes.checkpoint.conversion.keymaps.timm import TIMM, TIMM_MOBILENET_V2
from sslrecipes.errors import CheckpointError
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.check import compare, fill, outputs_of
from sslrecipes.export.optional import require
from sslrecipes.export.plain_file import write_checked
from sslrecipes.export.source import Source

_PURPOSE = 'An export for timm'
_SIZES = {192: ('tiny', 12, 3), 384: ('small', 12, 6), 768: ('base', 12, 12), 1024: ('large', 24, 16)}
"""Width of a ViT -> timm's word for it, depth, heads."""
_USUAL = dict(
    img_size=224,
    patch_size=16,
    mlp_ratio=4.0,
    qkv_bias=True,
    class_token=True,
    global_pool='token',
    fc_norm=False,
    final_norm=True,
)
"""Arguments of all of these."""
_MOBILENETS = {0.35: '035', 0.5: '050', 0.75: '075', 1.0: '100', 1.4: '140'}


def export_timm(source: Source, out: str | Path) -> ExportReport:
    """Write the weights for ``timm.create_model``, without a classifier.

    Raises:
        CheckpointError: timm has no such network, or its features differ from ours.
        ConfigError: timm isn't installed.
    """
    timm = require('timm', _PURPOSE)
    name, arguments = timm_model(source)
    network = timm.create_model(name, num_classes=0, **arguments)
    state = timm_weights(source)
    checked = write_checked(out, state, source.metadata, lambda held: check_timm(source, fill(network, held)))
    options = ''.join(f', {key}={value!r}' for key, value in arguments.items())
    load = f"load by: timm.create_model('{name}', num_classes=0, checkpoint_path='{Path(out).name}'{options})"
    head = 'the head: new, by model.reset_classifier(N) after loading'
    return report(out, state, source.metadata, checked, load, head)


def timm_weights(source: Source) -> dict[str, Tensor]:
    """The weights under timm's names."""
    keymap = TIMM_MOBILENET_V2 if isinstance(source.arch, MobileNetV2Arch) else TIMM
    return keymap.to_official(source.prefixed)


def check_timm(source: Source, network: nn.Module) -> str:
    """Compare a filled network of timm with ours; returns a line for the report.

    Raises:
        CheckpointError: Its features differ.
    """
    timm = require('timm', _PURPOSE)
    places = {name: name for name in ('layer1', 'layer2', 'layer3', 'layer4')}
    if isinstance(source.arch, MobileNetV2Arch):
        places = {'conv2': 'bn2'}
    elif isinstance(source.arch, ViTArch):
        places = {'pooled': 'fc_norm'} if source.arch.pooled_norm else {'tokens': 'norm'}
    found = outputs_of(network.double(), places, source.images.double())
    return compare(source.features(), found, f'timm {timm.__version__}')


def timm_model(source: Source) -> tuple[str, dict[str, Any]]:
    """The name of timm's model and the arguments in which ours differs from it.

    Raises:
        CheckpointError: timm has no such network.
    """
    arch = source.arch
    if isinstance(arch, ViTArch):
        return _vit(arch, source.heads)
    if isinstance(arch, ResNetArch):
        if (arch.stem_channels, arch.base_channels, arch.stem_kernel) != (64, 64, 7):
            raise CheckpointError(f'timm has no {arch}.')
        return f'resnet{arch.depth}', {}
    if arch.widen_factor not in _MOBILENETS:
        raise CheckpointError(f'timm has no {arch}.')
    return f'mobilenetv2_{_MOBILENETS[arch.widen_factor]}', {}


def _vit(arch: ViTArch, heads: int) -> tuple[str, dict[str, Any]]:
    if arch.final_norm and arch.pooled_norm:
        raise CheckpointError('timm has no ViT with both a norm of all tokens and one of their mean.')
    width = arch.width if arch.width in _SIZES else 768
    name, depth, usual_heads = _SIZES[width]
    wanted: dict[str, Any] = dict(
        img_size=arch.image_size,
        patch_size=arch.patch_size,
        embed_dim=arch.width,
        depth=arch.depth,
        num_heads=heads,
        mlp_ratio=arch.hidden / arch.width,
        qkv_bias=arch.qkv_bias,
        class_token=arch.cls_token,
        global_pool='token' if arch.cls_token and not arch.pooled_norm else 'avg',
        fc_norm=arch.pooled_norm,
        final_norm=arch.final_norm or arch.pooled_norm,
    )
    usual = _USUAL | dict(embed_dim=width, depth=depth, num_heads=usual_heads)
    if wanted['global_pool'] == 'avg':
        del usual['fc_norm']  # true then, unless it is said
    return f'vit_{name}_patch16_224', {key: value for key, value in wanted.items() if value != usual.get(key)}
