"""The bare backbone of a checkpoint, as a file that other programs load without conversion."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion import read_weights, to_official
from sslrecipes.checkpoint.reading import local_file, read_checkpoint, sha256
from sslrecipes.checkpoint.writing import save_safetensors, save_torch
from sslrecipes.errors import CheckpointError, ConfigError, did_you_mean

FORMATS = ('safetensors', 'pth', 'official')


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        path: The new file.
        weights: Number of tensors in it.
        parameters: Number of values in them.
        metadata: What the file says about its origin.
        left_out: Names of the checkpoint that aren't in the file.
    """

    path: Path
    weights: int
    parameters: int
    metadata: dict[str, str]
    left_out: tuple[str, ...]

    def summary(self) -> str:
        """Return the report in one line for each fact."""
        origin = '\n'.join(f'  {key}: {value}' for key, value in self.metadata.items())
        return f'{self.path}: {self.weights} weights, {self.parameters:,} values; left out {len(self.left_out)}\n{origin}'


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
        prefix: The sub-network to write.
        file_format: ``'safetensors'``, ``'pth'`` (``{'state_dict', 'meta'}``) or ``'official'`` (a ViT under its official
            names: ``{'model'}`` for MAE; for TEC exactly what ``weight_convert`` of the official code writes, bare and
            without norms). By default the suffix of ``out`` decides.
        final_norm: Keep the final norm ``ln1``, which features of the cls token need.
        weights: The entry of the checkpoint to take, such as ``'teacher'``.

    Raises:
        ConfigError: Unknown format.
        CheckpointError: The checkpoint can't be read or lacks the sub-network.
    """
    file_format = file_format or ('safetensors' if Path(out).suffix == '.safetensors' else 'pth')
    if file_format not in FORMATS:
        raise ConfigError(f'Unknown export format "{file_format}".{did_you_mean(file_format, list(FORMATS))}')
    state = read_weights(checkpoint, weights)
    is_tec = any(name.startswith('neck.adapter.') for name in state) or prefix in adapted_parts(state)
    bare = _part(state, prefix, source=str(checkpoint))
    dropped = ('ln1.', 'ln2.') if file_format == 'official' and is_tec else () if final_norm else ('ln1.',)
    bare = {name: value for name, value in bare.items() if not name.startswith(dropped)}
    metadata = {**_origin(checkpoint), 'prefix': prefix, 'format_of_names': 'mmpretrain'}
    if prefix in adapted_parts(state):
        metadata['cls_token'] = 'baked'
    if file_format == 'safetensors':
        save_safetensors(out, bare, metadata)
    elif file_format == 'pth':
        save_torch(out, {'state_dict': bare, 'meta': metadata})
    else:
        save_torch(out, _official(bare, flat=is_tec))
    left_out = tuple(name for name in state if name.removeprefix(prefix) not in bare or not name.startswith(prefix))
    return ExportReport(Path(out), len(bare), sum(value.numel() for value in bare.values()), metadata, left_out)


def _part(state: Mapping[str, Tensor], prefix: str, source: str) -> dict[str, Tensor]:
    """The sub-network under ``prefix``, token baked, without the prefix."""
    if not any(name.startswith(prefix) for name in state):
        parts = sorted({f'{name.split(".")[0]}.' for name in state})
        raise CheckpointError(f'"{source}" has no weights under "{prefix}"; it has {", ".join(parts[:8])}.')
    if prefix in adapted_parts(state):
        state = bake_cls_token(state, prefix)
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}


def _official(bare: Mapping[str, Tensor], flat: bool) -> dict[str, Any]:
    state = to_official({f'backbone.{name}': value for name, value in bare.items()}, 'mae')
    return state if flat else {'model': state}


def _origin(checkpoint: str | Path) -> dict[str, str]:
    """Where the weights come from: file, digest and, if the checkpoint tells, method and progress."""
    file = local_file(checkpoint)
    origin = {'source': file.name, 'source_sha256': sha256(file)}
    meta = read_checkpoint(file).get('meta')
    if isinstance(meta, Mapping):
        method = _method(str(meta.get('cfg', '')))
        facts = {'method': method, **{key: meta.get(key) for key in ('epoch', 'iter', 'experiment_name')}}
        origin.update({key: str(value) for key, value in facts.items() if value is not None})
    return origin


def _method(config_text: str) -> str | None:
    """The ``type`` of the ``model`` in a config's text, found without running the text."""
    try:
        tree = ast.parse(config_text)
    except SyntaxError:
        return None
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'model' and isinstance(node.value, ast.Call):
            types = [keyword.value for keyword in node.value.keywords if keyword.arg == 'type']
            return next((str(value.value) for value in types if isinstance(value, ast.Constant)), None)
    return None
