"""The bare backbone of a checkpoint, as a file that other programs load without conversion."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion import about, our_weights
from sslrecipes.checkpoint.keymaps.plain import PLAIN
from sslrecipes.checkpoint.layouts import wrap
from sslrecipes.checkpoint.reading import read_checkpoint
from sslrecipes.checkpoint.sealing import sha256
from sslrecipes.checkpoint.sources import local_file
from sslrecipes.checkpoint.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError, ConfigError, did_you_mean


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        path: The new file.
        weights: Number of tensors in it.
        parameters: Number of values in them.
        metadata: What is known about their origin (written into the file unless its format is the official one).
    """

    path: Path
    weights: int
    parameters: int
    metadata: dict[str, str]

    def summary(self) -> str:
        """Return the report in one line for each fact."""
        origin = '\n'.join(f'  {key}: {value}' for key, value in self.metadata.items())
        return f'{self.path}: {self.weights} weights, {self.parameters:,} values\n{origin}'


def export_backbone(
    checkpoint: str | Path,
    out: str | Path,
    *,
    prefix: str = 'backbone.',
    file_format: str | None = None,
    final_norm: bool = True,
    weights: str | None = None,
) -> ExportReport:
    """Write one sub-network of a checkpoint under its bare names, with TEC's MLP token baked into the cls token.

    Args:
        checkpoint: Training checkpoint, or an official file of a known family.
        out: New file, written atomically.
        prefix: The sub-network to write: ``'backbone.'`` is the student of DINO and the query encoder of MoCo,
            ``'teacher.backbone.'`` and ``'momentum_encoder.backbone.'`` are what follows them.
        file_format: ``'safetensors'``, ``'pth'`` (``{'state_dict', 'meta'}``) or ``'official'`` (a ViT under the names
            of MAE and DINO, in ``{'model'}``; a ResNet or MobileNetV2 under those of torchvision, bare; for TEC exactly
            what ``weight_convert`` of the official code writes, bare and without norms). By default the suffix of
            ``out`` decides.
        final_norm: Keep the final norm ``ln1``, which features of the cls token need.
        weights: The entry of the checkpoint to take, such as ``'teacher'``.

    Raises:
        ConfigError: Unknown format.
        CheckpointError: The checkpoint can't be read or lacks the sub-network.
    """
    file_format = file_format or ('safetensors' if Path(out).suffix == '.safetensors' else 'pth')
    if file_format not in FORMATS:
        raise ConfigError(f'Unknown export format "{file_format}".{did_you_mean(file_format, list(FORMATS))}')
    file = local_file(checkpoint)
    held = read_checkpoint(file)
    state = our_weights(held, str(checkpoint), weights)
    metadata = {**_origin(file, held.get('meta')), 'prefix': prefix}
    is_tec = prefix in adapted_parts(state) or any(name.startswith('neck.adapter.') for name in state)
    with about(checkpoint):
        if prefix in adapted_parts(state):
            state = bake_cls_token(state, prefix)
            metadata['cls_token'] = 'baked'
        bare = _part(state, prefix)
        if file_format == 'official':
            bare = _official(bare, without_norms=is_tec)
        elif not final_norm:
            bare = {name: value for name, value in bare.items() if not name.startswith('ln1.')}
    _WRITERS[file_format](out, bare, metadata)
    return ExportReport(Path(out), len(bare), sum(value.numel() for value in bare.values()), metadata)


_WRITERS: dict[str, Callable[..., object]] = {
    'safetensors': save_safetensors,
    'pth': lambda out, bare, metadata: save_torch(out, {'state_dict': bare, 'meta': metadata}),
    'official': lambda out, bare, _: save_torch(out, wrap(bare, 'tec')),
}
FORMATS = tuple(_WRITERS)


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    bare = {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
    if not bare:
        parts = sorted({f'{name.split(".")[0]}.' for name in state})
        raise CheckpointError(f'there are no weights under "{prefix}"; it has {", ".join(parts[:8])}.')
    return bare


def _official(bare: Mapping[str, Tensor], without_norms: bool) -> dict[str, Tensor]:
    kept = {name: value for name, value in bare.items() if not (without_norms and name.startswith(('ln1.', 'ln2.')))}
    return PLAIN.to_official({f'backbone.{name}': value for name, value in kept.items()})


def _origin(file: Path, meta: Any) -> dict[str, str]:
    """Where the weights come from: file, digest and, if the checkpoint tells, method and progress."""
    origin = {'source': file.name, 'source_sha256': sha256(file)}
    if isinstance(meta, Mapping):
        facts = {'method': _method(str(meta.get('cfg', ''))), **{key: meta.get(key) for key in ('epoch', 'iter')}}
        origin.update({key: str(value) for key, value in facts.items() if value is not None})
    return origin


def _method(config_text: str) -> str | None:
    """The ``type`` of the ``model`` in a config's text, found without running the text."""
    try:
        tree = ast.parse(config_text)
    except SyntaxError:
        return None
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]) == 'model'
            and isinstance(node.value, ast.Call)
        ):
            types = [keyword.value for keyword in node.value.keywords if keyword.arg == 'type']
            return next((str(value.value) for value in types if isinstance(value, ast.Constant)), None)
    return None
