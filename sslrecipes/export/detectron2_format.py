"""Export to detectron2: ResNets for its R-CNNs and ViTs for its ViTDet."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.backbone_arch import MobileNetV2Arch, ResNetArch, ViTArch
from sslrecipes.checkpoint.conversion.keymaps.detectron2 import DETECTRON2
from sslrecipes.checkpoint.conversion.layouts import wrap
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.tensor_digest import DIGEST, tensor_digest
from sslrecipes.checkpoint.files.writing import save_torch, write_atomic
from sslrecipes.errors import CheckpointError
from sslrecipes.export import detectron2_forward
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.check import compare, outputs_of
from sslrecipes.export.source import Source

_PROTOCOL = 2
"""Of the pickles: the one that can be read without running code."""


def export_detectron2(source: Source, out: str | Path) -> ExportReport:
    """Write ``{'model', '__author__', 'matching_heuristics'}``: arrays in a ``.pkl``, else tensors in a torch file.

    Raises:
        CheckpointError: detectron2 has no such backbone, or its features differ from ours.
    """
    arch = source.arch
    if isinstance(arch, MobileNetV2Arch) or (isinstance(arch, ResNetArch) and arch.stem_kernel != 7):
        raise CheckpointError(f'detectron2 has no {arch}.')
    state = {name: value.contiguous() for name, value in DETECTRON2.to_official(source.prefixed).items()}
    lines: list[str] = []
    wanted = _features(source)

    def write(file: Path) -> None:
        (_save_pickle if Path(out).suffix == '.pkl' else save_torch)(file, wrap(state, 'detectron2'))
        lines.append(_check(source, wanted, read_checkpoint(file)['model']))

    write_atomic(out, write)
    return report(out, state, source.metadata, *lines, _usage(source, Path(out).name), _head(source))


def _save_pickle(file: Path, content: Mapping[str, Any]) -> None:
    model = {name: value.numpy() for name, value in content['model'].items()}
    with file.open('wb') as stream:
        pickle.dump({**content, 'model': model, DIGEST: tensor_digest(content['model'], {})}, stream, _PROTOCOL)


def _features(source: Source) -> dict[str, Tensor]:
    """What our network gives; a ViT as ViTDet runs it, without class token and final norm."""
    if not isinstance(source.arch, ViTArch):
        return source.features()
    left_out = ('cls_token', 'ln1.', 'ln2.')
    weights = {name: value for name, value in source.weights.items() if not name.startswith(left_out)}
    vit = replace(source, weights=weights).build(with_cls_token=False, final_norm=False, out_type='featmap')
    return outputs_of(vit.double(), {'last_feat': ''}, source.images.double())


def _check(source: Source, wanted: dict[str, Tensor], held: dict[str, Tensor]) -> str:
    weights, images = {name: value.double() for name, value in held.items()}, source.images.double()
    if isinstance(source.arch, ViTArch):
        found = {'last_feat': detectron2_forward.vit(weights, images, source.heads)}
    else:
        outputs = detectron2_forward.resnet(weights, images)
        found = {f'layer{i}': outputs[f'res{i + 1}'] for i in (1, 2, 3, 4)}
    return compare(wanted, found, "detectron2's architecture, written out,")


def _head(source: Source) -> str:
    of_c4 = ', but for res5 of a C4 model, which is in the file' if isinstance(source.arch, ResNetArch) else ''
    return f'the head: new{of_c4}'


def _usage(source: Source, name: str) -> str:
    mean, std = list(source.mean), list(source.std)
    if isinstance(source.arch, ViTArch):
        arch = source.arch
        sizes = f'embed_dim={arch.width}, depth={arch.depth}, num_heads={source.heads}, patch_size={arch.patch_size}'
        net = f'{sizes}, pretrain_img_size={arch.image_size}, pretrain_use_cls_token={arch.cls_token}'
        return f"load by: train.init_checkpoint = '{name}', with ViT({net})"
    resnet = f'MODEL.RESNETS.DEPTH {source.arch.depth} MODEL.RESNETS.STRIDE_IN_1X1 False'  # type: ignore[union-attr]
    pixels = f'INPUT.FORMAT RGB MODEL.PIXEL_MEAN "{mean}" MODEL.PIXEL_STD "{std}"'
    return f'load by: MODEL.WEIGHTS {name} {resnet} {pixels}'
