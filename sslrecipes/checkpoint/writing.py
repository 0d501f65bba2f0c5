"""Writing files so that a reader sees the old file or the whole new one, never a part."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor


def write_atomic(path: str | Path, writer: Callable[[Path], object]) -> Path:
    """Let ``writer`` fill a temporary file beside ``path``, flush it to the disk and rename it to ``path``.

    Args:
        path: Where the file shall be; missing folders are made.
        writer: Writes the whole content to the path it is given. If it raises, ``path`` is left as it was.

    Returns:
        ``path``.
    """
    path = Path(path).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        writer(temporary)
        _flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)
    return path


def save_safetensors(path: str | Path, state: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> Path:
    """Write tensors (each on its own storage) and text metadata atomically as ``.safetensors``."""
    tensors = {name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
               for name, tensor in state.items()}  # fmt: skip
    return write_atomic(path, lambda file: save_file(tensors, file, metadata={'format': 'pt', **(metadata or {})}))


def save_torch(path: str | Path, checkpoint: Mapping[str, Any]) -> Path:
    """Write a checkpoint atomically in torch's own format."""
    return write_atomic(path, lambda file: torch.save(checkpoint, file))


def _flush(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
