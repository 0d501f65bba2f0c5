"""Export to ONNX: the network with its weights, for images of any number."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from sslrecipes.checkpoint.backbone_arch import ViTArch
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.check import FLOAT32, compare
from sslrecipes.export.folder import temporary_folder
from sslrecipes.export.optional import require
from sslrecipes.export.source import Source
from sslrecipes.paths.user_paths import printable

_PURPOSE = 'An export to ONNX'
MAX_INLINE = 1 << 30
"""Bytes of weights that are written into the file itself; the format's limit is 2 GiB for all of it."""


class LastOutput(nn.Module):
    """A backbone that returns the output of its last stage instead of a tuple."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: Tensor) -> Tensor:
        """Run the backbone on ``(B, 3, H, W)``."""
        return self.backbone(images)[-1]


def export_onnx(source: Source, out: str | Path) -> ExportReport:
    """Write one file with input ``images`` ``(B, 3, size, size)``, normalised RGB, and one output.

    The weights of a large network lie in a second file beside it, ``OUT.data``.

    The output is ``tokens`` ``(B, N, C)`` of a ViT, or ``pooled`` ``(B, C)`` if it has a norm of the mean token;
    ``features`` ``(B, C, h, w)`` of any other network.

    Raises:
        CheckpointError: onnxruntime computes other features.
        ConfigError: onnx, onnxscript or onnxruntime isn't installed.
    """
    for package in ('onnx', 'onnxscript', 'onnxruntime'):
        require(package, _PURPOSE)
    out = Path(out).expanduser()
    network = LastOutput(source.build()).eval()
    with torch.no_grad():
        wanted = {_output(source): network(source.images)}
    with temporary_folder(out) as folder:
        model = folder / printable(out.name)
        _write(network, source, model)
        checked = _check(source, model, wanted)
        parts = sorted(folder.iterdir(), key=model.__eq__)  # the weights beside before what names them
        for part in parts:
            part.replace(out if part == model else out.with_name(part.name))
    shape = f'(B, 3, {source.image_size}, {source.image_size})'
    load = f"load by: onnxruntime.InferenceSession('{out.name}'); input images {shape}, normalised RGB"
    beside = f', with {_beside(out)} in the same folder' if len(parts) > 1 else ''
    return report(out, source.weights, source.metadata, checked, f'{load}{beside}', 'the head: none is in the file')


def _beside(file: Path) -> str:
    """Name of the file with the weights of a large network."""
    return f'{printable(file.name)}.data'


def _output(source: Source) -> str:
    if isinstance(source.arch, ViTArch):
        return 'pooled' if source.arch.pooled_norm else 'tokens'
    return 'features'


def _write(network: nn.Module, source: Source, file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            network,
            (source.images,),
            input_names=['images'],
            output_names=[_output(source)],
            dynamic_shapes={'images': {0: torch.export.Dim('batch')}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    facts = {**source.metadata, 'mean': str(list(source.mean)), 'std': str(list(source.std))}
    program.model.metadata_props.update({key: printable(text) for key, text in facts.items()})
    size = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    program.save(file, external_data=size > MAX_INLINE)


def _check(source: Source, file: Path, wanted: dict[str, Tensor]) -> str:
    onnxruntime = require('onnxruntime', _PURPOSE)
    session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
    name = _output(source)
    found = [session.run([name], {'images': image[None].numpy()})[0] for image in source.images]
    features = {name: torch.cat([torch.from_numpy(array) for array in found])}
    return compare(wanted, features, f'onnxruntime {onnxruntime.__version__} in float32', FLOAT32)
