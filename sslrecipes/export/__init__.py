"""Backbones for other programs, each compared on photographs with the network it comes from before it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sslrecipes.checkpoint.conversion.convert import about
from sslrecipes.checkpoint.conversion.suffixes import check_suffix
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.export.backbone import ExportReport, read_backbone
from sslrecipes.export.detectron2_format import export_detectron2
from sslrecipes.export.huggingface_format import export_huggingface
from sslrecipes.export.onnx_format import export_onnx
from sslrecipes.export.optional import require
from sslrecipes.export.source import Source
from sslrecipes.export.timm_format import export_timm
from sslrecipes.export.torchvision_format import export_torchvision
from sslrecipes.export.transformers_format import export_transformers
from sslrecipes.paths.overwriting import refuse_overwriting

EXPORTERS: dict[str, Callable[[Source, str | Path], ExportReport]] = {
    'timm': export_timm,
    'torchvision': export_torchvision,
    'detectron2': export_detectron2,
    'huggingface': export_huggingface,
    'transformers': export_transformers,
    'onnx': export_onnx,
}
#: Packages that a format needs besides those of the project.
PACKAGES = {'timm': ('timm',), 'huggingface': ('timm',), 'onnx': ('onnx', 'onnxscript', 'onnxruntime')}

__all__ = ['EXPORTERS', 'Source', 'export_checked']


def export_checked(
    checkpoint: str | Path,
    out: str | Path,
    file_format: str,
    *,
    prefix: str = 'backbone.',
    final_norm: bool = True,
    weights: str | None = None,
    heads: int | None = None,
) -> ExportReport:
    """Write one sub-network of a checkpoint for another program, and compare the two networks' features.

    Args:
        checkpoint: Training checkpoint, an official file of a known family, or an exported file.
        out: New file, for ``'huggingface'`` and ``'transformers'`` a new folder. It appears only if the features agree.
        file_format: ``'timm'``, ``'torchvision'``, ``'detectron2'``, ``'huggingface'`` (timm's layout),
            ``'transformers'`` or ``'onnx'``.
        prefix: See :func:`sslrecipes.export.backbone.read_backbone`, also for ``final_norm`` and ``weights``.
        final_norm: Keep the final norm of a ViT.
        weights: The entry of the checkpoint to take.
        heads: Number of attention heads of a ViT, where neither the run's config tells it nor width / 64 is right.

    Returns:
        What was written; among its notes are the largest difference found and how to load the file.

    Raises:
        ConfigError: Unknown format or another one than the suffix of ``out`` says, impossible number of heads, or a
            package that the format needs isn't installed.
        CheckpointError: The checkpoint can't be read, the program has no such network, or the features differ.
        StorageError: ``out`` is the checkpoint itself, or can't be written.
    """
    refuse_overwriting([checkpoint], out)
    if file_format not in EXPORTERS:
        raise ConfigError(f'Unknown export format "{file_format}".{did_you_mean(file_format, list(EXPORTERS))}')
    check_suffix(out, file_format)
    for package in PACKAGES.get(file_format, ()):
        require(package, f'The export format "{file_format}"')
    backbone = read_backbone(checkpoint, prefix, final_norm=final_norm, weights=weights)
    with about(checkpoint):
        return EXPORTERS[file_format](Source.of(backbone, heads), out)
