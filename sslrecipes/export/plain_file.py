"""Files of bare weights under another program's names, checked before they get their final name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_safetensors, save_torch, write_atomic


def write_checked(
    out: str | Path, state: Mapping[str, Tensor], metadata: Mapping[str, str], check: Callable[[dict[str, Tensor]], str]
) -> str:
    """Write bare weights, read them back and check what was read; the file appears only if the check passes.

    Args:
        out: ``.safetensors``, which has a place for ``metadata``; with any other suffix a bare torch file.
        state: Weights under their new names.
        metadata: What is known about their origin.
        check: Returns a line for the report or raises a CheckpointError.

    Returns:
        What ``check`` returned.
    """
    lines: list[str] = []

    def write(file: Path) -> None:
        if Path(out).suffix == '.safetensors':
            save_safetensors(file, state, metadata)
            lines.append(check(read_checkpoint(file)['state_dict']))
        else:
            save_torch(file, dict(state))
            lines.append(check(read_checkpoint(file)))

    write_atomic(out, write)
    return lines[0]
