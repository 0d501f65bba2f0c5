"""Extracted features on disk, under a name that says exactly what they came from."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sslrecipes.checkpoint.files.reading import read_safetensors
from sslrecipes.checkpoint.files.writing import save_safetensors
from sslrecipes.errors import CheckpointError, ConfigError

#: Part of every name, so that files which carry no digest, or not their name, are not found.
_FORMAT = b'with digest and name'
#: Key of the name in the metadata: a file under another's name holds other features than the name says.
_NAME = 'name'


def cache_file(
    cache_dir: str | Path, model: nn.Module, dataloader: DataLoader[Any], amp_dtype: torch.dtype | None
) -> Path:
    """Name the file that holds the features of this model for this data set.

    The name has a SHA-256 of every weight, buffer and plain setting of the model and its normalisation, the data
    set's class, settings, list of samples and pipeline, and the autocast type. Image files changed in place are
    **not** noticed: clear the folder then.

    Raises:
        ConfigError: If the data set isn't an mmengine ``BaseDataset``, so that what it holds can't be told.
    """
    digest = sha256(_FORMAT)
    for part in (*_model_identity(model), *_dataset_identity(dataloader.dataset), str(amp_dtype).encode()):
        digest.update(len(part).to_bytes(8, 'little'))
        digest.update(part)
    return Path(cache_dir).expanduser() / f'features-{digest.hexdigest()[:32]}.safetensors'


def load_features(file: Path) -> tuple[Tensor, Tensor]:
    """Read features ``(N, C)`` and classes ``(N,)``.

    Raises:
        CheckpointError: If the file is damaged, or is a copy of another, or carries nothing that would tell.
    """
    try:
        state, facts = read_safetensors(Path(file), required=True)
    except CheckpointError as error:
        raise CheckpointError(f'{error} Delete it, and the features are extracted anew.') from error
    if state.keys() != {'x', 'y'} or state['x'].dim() != 2 or state['y'].shape != state['x'].shape[:1]:
        raise CheckpointError(f'"{file}" holds no features: delete it, and they are extracted anew.')
    if facts.get(_NAME) != file.name:
        raise CheckpointError(
            f'"{file}" holds the features of another network or data set: delete it, and they are extracted anew.'
        )
    return state['x'], state['y']


def save_features(file: Path, x: Tensor, y: Tensor) -> None:
    """Write features ``(N, C)`` and classes ``(N,)`` atomically, with a digest and the name that is theirs."""
    save_safetensors(file, {'x': x, 'y': y}, {_NAME: file.name})


def _model_identity(model: nn.Module) -> Iterator[bytes]:
    for name, module in model.named_modules():
        yield f'{name} {type(module).__qualname__} {_plain_settings(module)}'.encode()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        yield f'{name} {tuple(tensor.shape)} {tensor.dtype}'.encode()
        yield tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _dataset_identity(dataset: Any) -> Iterator[bytes]:
    while 'dataset' in vars(dataset):  # wrappers that seed or slice
        yield f'{type(dataset).__qualname__} {_plain_settings(dataset)}'.encode()
        dataset = dataset.dataset
    if not hasattr(dataset, 'data_list') or not hasattr(dataset, 'pipeline'):
        raise ConfigError(
            f'Features of {type(dataset).__name__} cannot be cached, because it has no list of samples: '
            'leave out cache_dir.'
        )
    yield f'{type(dataset).__qualname__} {len(dataset)} {_plain_settings(dataset)} {dataset.pipeline!r}'.encode()
    yield dataset.data_bytes.tobytes() if dataset.serialize_data else pickle.dumps(dataset.data_list)


def _plain_settings(thing: Any) -> list[tuple[str, Any]]:
    """The attributes of ``thing`` that are numbers, texts or tuples of them, but not its momentary state."""
    plain = (bool, int, float, str)
    return sorted(
        (name, value)
        for name, value in vars(thing).items()
        if name not in ('training', '_is_init')
        and (isinstance(value, plain) or (isinstance(value, tuple) and all(isinstance(v, plain) for v in value)))
    )
