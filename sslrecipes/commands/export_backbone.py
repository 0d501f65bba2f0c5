"""The bare backbone of a checkpoint for this and for other programs: what ``tools/export_backbone.py`` does."""

from __future__ import annotations

from typing import Any

from sslrecipes.checkpoint.conversion.suffixes import named_format
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.export import EXPORTERS, export_checked
from sslrecipes.export.backbone import FORMATS, export_backbone


def write_backbone(
    checkpoint: str,
    out: str,
    *,
    file_format: str | None = None,
    prefix: str = 'backbone.',
    final_norm: bool = True,
    weights: str | None = None,
    heads: int | None = None,
    add_prefix: str = '',
) -> None:
    """Write one sub-network of a checkpoint, and print what is known about it.

    Args:
        checkpoint: Training checkpoint or official file.
        out: New file; for some formats a new folder.
        file_format: One of this package, see :func:`sslrecipes.export.backbone.export_backbone`, or of another program,
            see :func:`sslrecipes.export.export_checked`, also for the rest. By default the suffix of ``out`` decides.
        prefix: The sub-network.
        final_norm: Keep the final norm of a ViT.
        weights: The entry of the checkpoint to take.
        heads: Number of attention heads of a ViT whose file doesn't tell.
        add_prefix: What the new names begin with; not with formats of other programs.

    Raises:
        UserError: See there.
    """
    file_format = file_format or named_format(out)
    formats = (*FORMATS, *EXPORTERS)
    if file_format not in formats:
        hint = did_you_mean(file_format, formats)
        raise ConfigError(f'There is no export format "{file_format}", but {", ".join(formats)}.{hint}')
    part: dict[str, Any] = dict(prefix=prefix, final_norm=final_norm, weights=weights, heads=heads)
    if file_format in FORMATS:
        report = export_backbone(checkpoint, out, file_format=file_format, add_prefix=add_prefix, **part)
    elif add_prefix:
        raise ConfigError(f'The format {file_format} has names of its own: leave out --add-prefix.')
    else:
        report = export_checked(checkpoint, out, file_format, **part)
    print(report.summary())
