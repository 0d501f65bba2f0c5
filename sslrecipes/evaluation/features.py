"""Features of a whole data set from a frozen model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather, get_world_size, is_main_process
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sslrecipes.distributed.control import from_main_process
from sslrecipes.errors import ConfigError, DataError, did_you_mean
from sslrecipes.evaluation.feature_cache import cache_file, load_features, save_features
from sslrecipes.models.methods.feature_model import FeatureModel, Pool, as_feature_model

AUTOCAST_DTYPES = {'bfloat16': torch.bfloat16, 'float16': torch.float16}
BatchProgress = Callable[[DataLoader[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Features:
    """Features and classes of a data set, in its order.

    Attributes:
        x: Features ``(N, C)``, float32, on the CPU.
        y: Classes ``(N,)``, int64, on the CPU.
    """

    x: Tensor
    y: Tensor


def autocast_dtype(name: str | None) -> torch.dtype | None:
    """Return the autocast type of that name; None stays None (full precision).

    Raises:
        ConfigError: If there is no such type.
    """
    if name is None:
        return None
    if name not in AUTOCAST_DTYPES:
        hint = did_you_mean(name, list(AUTOCAST_DTYPES))
        raise ConfigError(f'amp_dtype must be one of {", ".join(AUTOCAST_DTYPES)}; got "{name}".{hint}')
    return AUTOCAST_DTYPES[name]


def terminal_progress(dataloader: DataLoader[Any]) -> Iterable[Any]:
    """Iterate over the batches with a progress bar and the time left, if stderr is a terminal."""
    return track(
        dataloader,
        'extracting features',
        total=len(dataloader),
        auto_refresh=False,  # no thread while data workers are forked
        console=Console(stderr=True),
        disable=not (sys.stderr.isatty() and is_main_process()),
    )


def extract_features(
    model: nn.Module,
    dataloader: DataLoader[Any],
    *,
    pool: Pool = 'auto',
    amp_dtype: torch.dtype | None = None,
    cache_dir: str | Path | None = None,
    watch: BatchProgress = terminal_progress,
) -> Features:
    """Run a model over a data set, in eval mode and without gradients.

    Several processes share the work through the loader's sampler; each gets the features of all samples, in the order
    of the data set, without the sampler's padding. The model's train/eval flags are put back afterwards.

    Args:
        model: A ``FeatureModel``, or any model with ``backbone`` and ``data_preprocessor``; may be wrapped for DDP.
        dataloader: Loader with a non-shuffling sampler; samples need ``gt_label``.
        pool: How a model that is no ``FeatureModel`` is pooled.
        amp_dtype: Run the backbone under autocast in this type.
        cache_dir: Folder of cached features, keyed by weights, data set and pipeline (not by the pixels in the
            files); None caches nothing.
        watch: Makes the iterable of batches from the loader: the place for progress bars.

    Raises:
        ConfigError: If the loader shuffles or drops samples.
        DataError: If there are no samples, they have no label, images of one batch differ in size, or features aren't
            finite.
    """
    extractor = as_feature_model(model, pool)
    _check_loader(dataloader)
    file = cache_file(cache_dir, extractor, dataloader, amp_dtype) if cache_dir else None
    if file is not None:  # nodes need not share the folder
        cached = from_main_process(lambda: load_features(file) if file.is_file() else None)
        if cached is not None:
            return Features(*cached)
    result = _extract(extractor, dataloader, amp_dtype, watch)
    if file is not None:
        from_main_process(lambda: save_features(file, result.x, result.y))
    return result


@torch.no_grad()
def _extract(
    model: FeatureModel, dataloader: DataLoader[Any], amp_dtype: torch.dtype | None, watch: BatchProgress
) -> Features:
    rows, labels, done = torch.empty(0), [], 0
    device = next(model.parameters()).device
    autocast = torch.autocast(device.type, amp_dtype) if amp_dtype else nullcontext()
    with evaluating(model), autocast:
        for batch in watch(dataloader):
            data = model.data_preprocessor({**batch, 'inputs': _stacked(batch['inputs'])}, False)
            features = _finite(model(data['inputs']).float().cpu())
            if not done:  # one block for all, because lists of batches need the memory twice when they are joined
                rows = features.new_empty(len(dataloader.sampler), features.shape[1])  # type: ignore[arg-type]
            rows[done : done + len(features)] = features
            labels.append(_labels(data['data_samples']))
            done += len(features)
    total = len(dataloader.dataset)  # type: ignore[arg-type]
    return Features(gather_in_order(rows[:done], total), gather_in_order(torch.cat(labels), total))


def _finite(features: Tensor) -> Tensor:
    bad = int((~features.isfinite().all(dim=1)).sum())
    if bad:
        raise DataError(
            f'The features of {bad} of {len(features)} images of a batch are not finite: the training diverged, or the '
            'checkpoint is damaged.'
        )
    return features


def gather_in_order(rows: Tensor, total: int) -> Tensor:
    """Put the rows of all ranks together, where rank ``r`` of W holds rows ``r, r + W, r + 2W, ...`` of the whole.

    Args:
        rows: This rank's rows ``(n, ...)``.
        total: Number of rows of the whole; rows beyond it are a sampler's padding.

    Returns:
        The whole ``(total, ...)`` on every rank.
    """
    world_size = get_world_size()
    if world_size == 1:
        return rows[:total]
    missing = -(-total // world_size) - len(rows)
    padded = torch.cat([rows, rows.new_zeros(missing, *rows.shape[1:])]) if missing > 0 else rows
    return torch.stack(all_gather(padded), dim=1).flatten(0, 1)[:total]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put ``model`` into eval mode inside the block, and every module's own flag back after it."""
    flags = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in flags.items():
            module.training = training


def _check_loader(dataloader: DataLoader[Any]) -> None:
    if getattr(dataloader.sampler, 'shuffle', False):
        raise ConfigError(
            'Features are extracted in the order of the data set: '
            "set sampler=dict(type='DefaultSampler', shuffle=False) for the loader."
        )
    samples = len(dataloader.dataset)  # type: ignore[arg-type]
    if not samples:
        raise DataError('There are no images to extract features from: the data set is empty.')
    if dataloader.drop_last or len(dataloader.sampler) < samples // get_world_size():  # type: ignore[arg-type]
        raise ConfigError(
            'Features are extracted from every sample, but the loader leaves some out: '
            'set drop_last=False and a sampler that yields all of them.'
        )


def _stacked(inputs: Any) -> Tensor:
    """Images of one batch ``(B, 3, H, W)``, whichever collate function made it."""
    if isinstance(inputs, Tensor):
        return inputs
    sizes = {tuple(image.shape) for image in inputs}
    if len(sizes) > 1 or len(next(iter(sizes))) != 3:
        raise DataError(f'A batch needs one view per image and images of one size, got shapes {sorted(sizes)}.')
    return torch.stack(list(inputs))


def _labels(data_samples: Any) -> Tensor:
    if not data_samples or any('gt_label' not in sample for sample in data_samples):
        raise DataError('Evaluation needs labels, but the data set gives samples without gt_label.')
    labels = [sample.gt_label for sample in data_samples]
    if any(label.numel() != 1 for label in labels):
        raise DataError('Evaluation of features needs exactly one class per image, but the data set is multi-label.')
    return torch.cat(labels).long().cpu()
