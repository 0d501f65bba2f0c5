"""The digest that files of ours without a zip archive carry: of their tensors and texts, wherever these lie."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from sslrecipes.errors import CheckpointError

#: The entry with the digest, in the metadata of a safetensors file or beside the weights of a pickle.
DIGEST = 'sslrecipes-sha256'


def tensor_digest(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of names, types, shapes and values, and of the texts beside them."""
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        if name != DIGEST:
            digest.update(repr((name, text)).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(repr((name, str(tensor.dtype), tuple(tensor.shape))).encode())
        values = tensor.detach().cpu().contiguous().reshape(-1)
        if len(values):
            digest.update(memoryview(values.view(torch.uint8).numpy()))  # type: ignore[arg-type]
    return digest.hexdigest()


def check_digest(name: str, tensors: Mapping[str, Tensor], texts: Mapping[str, Any], required: bool = False) -> None:
    """Compare what was read with the digest that it came with.

    Args:
        name: What errors call the file.
        tensors: What was read.
        texts: What was read beside them, with the digest if there is one.
        required: Refuse a file without digest.

    Raises:
        CheckpointError: They don't agree, or there is no digest although there must be.
    """
    if DIGEST not in texts:
        if required:
            raise CheckpointError(f'"{name}" carries no digest, so nothing tells whether it is whole.')
    elif texts[DIGEST] != tensor_digest(tensors, texts):
        raise CheckpointError(f'"{name}" is damaged: its content does not agree with the digest it carries.')
