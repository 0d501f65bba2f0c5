"""The bare backbone of a checkpoint, as a file that other programs load without conversion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion.convert import about, our_weights
from sslrecipes.checkpoint.conversion.keymaps.plain import PLAIN
from sslrecipes.checkpoint.conversion.layouts import wrap
from sslrecipes.checkpoint.conversion.suffixes import check_suffix, named_format
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.sealing import sha256
from sslrecipes.checkpoint.files.sources import local_file
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch
from sslrecipes.checkpoint.meta import meta_of
from sslrecipes.checkpoint.stated import TrainingFacts, stated_facts
from sslrecipes.errors import CheckpointError, ConfigError, did_you_mean
from sslrecipes.paths.overwriting import refuse_overwriting

_STEMS = ('patch_embed.projection.weight', 'conv1.weight', 'conv1.conv.weight')
"""One of these is in every bare backbone."""


@dataclass(frozen=True)
class Backbone:
    """A bare backbone that shall be exported.

    Attributes:
        weights: Its tensors under our names, without a prefix.
        metadata: What is known about their origin.
        is_tec: Whether it was trained by TEC, whose official backbone files hold no norms.
    """

    weights: dict[str, Tensor]
    metadata: dict[str, str]
    is_tec: bool = False


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        path: The new file.
        weights: Number of tensors in it.
        parameters: Number of values in them.
        metadata: What is known about their origin (written into the file unless its format has no place for it).
        notes: Further lines: what the file was compared with, how to load it.
    """

    path: Path
    weights: int
    parameters: int
    metadata: dict[str, str]
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the report in one line for each fact."""
        origin = [f'  {key}: {value}' for key, value in self.metadata.items()]
        first = f'{self.path}: {self.weights} weights, {self.parameters:,} values'
        return '\n'.join([first, *origin, *(f'  {note}' for note in self.notes)])


def export_backbone(
    checkpoint: str | Path,
    out: str | Path,
    *,
    prefix: str = 'backbone.',
    file_format: str | None = None,
    final_norm: bool = True,
    weights: str | None = None,
    add_prefix: str = '',
    heads: int | None = None,
) -> ExportReport:
    """Write one sub-network of a checkpoint under its bare names, with TEC's MLP token baked into the cls token.

    Args:
        checkpoint: Training checkpoint, or an official file of a known family.
        out: New file, written atomically.
        prefix: See :func:`read_backbone`.
        file_format: ``'safetensors'``, ``'pth'`` (``{'state_dict', 'meta'}``) or ``'official'`` (a ViT under the names
            of MAE and DINO, in ``{'model'}``; a ResNet or MobileNetV2 under those of torchvision, bare; for TEC exactly
            what ``weight_convert`` of the official code writes, bare and without norms). By default the suffix of
            ``out`` decides.
        final_norm: Keep the final norm ``ln1``, which features of the cls token need.
        weights: The entry of the checkpoint to take, such as ``'teacher'``.
        add_prefix: What all names in the new file begin with, for configs that say ``prefix='backbone.'``: MMEngine
            takes no bare file then. Not with ``'official'``.
        heads: Number of attention heads of a ViT whose file doesn't tell: what reads the new file then knows it.

    Raises:
        ConfigError: Unknown format, one that has no prefix, another one than the suffix of ``out`` says, or an
            impossible number of heads.
        CheckpointError: The checkpoint can't be read or lacks the sub-network.
        StorageError: ``out`` is the checkpoint itself, or can't be written.
    """
    refuse_overwriting([checkpoint], out)
    file_format = file_format or named_format(out)
    if file_format not in FORMATS:
        raise ConfigError(f'Unknown export format "{file_format}".{did_you_mean(file_format, list(FORMATS))}')
    check_suffix(out, file_format)
    official = file_format == 'official'
    if official and add_prefix:
        raise ConfigError('The official formats have names of their own: leave out --add-prefix.')
    backbone = read_backbone(checkpoint, prefix, final_norm=final_norm or official, weights=weights)
    if heads is not None:
        facts = TrainingFacts.of(backbone.metadata)
        facts.check_heads(heads, len(backbone.weights.get(_STEMS[0], ())))
        backbone.metadata.setdefault('heads', str(heads))
    with about(checkpoint):
        bare = _official(backbone.weights, without_norms=backbone.is_tec) if official else backbone.weights
    added = f'{add_prefix.rstrip(".")}.' if add_prefix else ''
    state = {f'{added}{name}': value for name, value in bare.items()}
    _WRITERS[file_format](out, state, backbone.metadata)
    return report(out, state, backbone.metadata, *(() if official else _usage(Path(out), bare, added)))


def read_backbone(
    checkpoint: str | Path, prefix: str = 'backbone.', *, final_norm: bool = True, weights: str | None = None
) -> Backbone:
    """Take one sub-network out of a checkpoint, with TEC's MLP token baked into the cls token.

    Args:
        checkpoint: Training checkpoint, an official file of a known family, or a file that :func:`export_backbone`
            wrote.
        prefix: The sub-network: ``'backbone.'`` is the student of DINO and the query encoder of MoCo,
            ``'teacher.backbone.'`` and ``'momentum_encoder.backbone.'`` are what follows them. The first also stands
            for all of a file that holds nothing but a bare backbone.
        final_norm: Keep the final norm ``ln1``.
        weights: The entry of the checkpoint to take, such as ``'teacher'``.

    Raises:
        CheckpointError: The checkpoint can't be read or lacks the sub-network.
    """
    file = local_file(checkpoint)
    held = read_checkpoint(file)
    state = our_weights(held, str(checkpoint), weights)
    if prefix == 'backbone.' and any(stem in state for stem in _STEMS):
        prefix = ''
    origin = _origin(file, meta_of(held))
    metadata = {**origin, 'prefix': prefix or origin.get('prefix', '')}
    is_tec = prefix in adapted_parts(state) or any(name.startswith('neck.adapter.') for name in state)
    with about(checkpoint):
        if prefix in adapted_parts(state):
            state = bake_cls_token(state, prefix)
            metadata['cls_token'] = 'baked'
        bare = _part(state, prefix)
    if not final_norm:
        bare = {name: value for name, value in bare.items() if not name.startswith('ln1.')}
    return Backbone(bare, metadata, is_tec)


def report(out: str | Path, state: Mapping[str, Tensor], metadata: dict[str, str], *notes: str) -> ExportReport:
    """Count what was written to ``out``."""
    return ExportReport(Path(out), len(state), sum(value.numel() for value in state.values()), metadata, notes)


_WRITERS: dict[str, Callable[..., object]] = {
    'safetensors': save_safetensors,
    'pth': lambda out, bare, metadata: save_torch(out, {'state_dict': bare, 'meta': metadata}),
    'official': lambda out, bare, _: save_torch(out, wrap(bare, 'tec')),
}
FORMATS = tuple(_WRITERS)


def _usage(out: Path, bare: Mapping[str, Tensor], added: str) -> Iterator[str]:
    """Say how configs of the OpenMMLab packages load a file, and what they need of it."""
    prefix = f", prefix='{added}'" if added else ''
    init_cfg = f"init_cfg=dict(type='Pretrained', checkpoint='{out.name}'{prefix})"
    yield f'load by: backbone=dict(..., {init_cfg})' + ('' if added else ', without prefix')
    if out.suffix == '.safetensors':
        yield "mmdet and mmseg read .safetensors with custom_imports=dict(imports=['sslrecipes']) only: or write a .pth"
    if any(name.startswith('layer4.') for name in bare):
        yield f'the head: new, but for layer4 of a C4 detector: shared_head=dict(..., {init_cfg})'
    else:
        yield 'the head: new, none is in the file'


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
    """Where the weights come from: file, digest and, if the checkpoint tells, method, progress, backbone, mean, std."""
    origin = {'source': file.name, 'source_sha256': sha256(file)}
    stated = stated_facts(meta)
    stated.pop('decoder_heads', None)  # no part of a backbone
    return origin | stated
