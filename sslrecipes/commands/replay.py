"""Run an optimizer step that wasn't finite again, alone on one device, and tell where it went wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.config.inputs import config_inputs
from sslrecipes.config.loading import load_config
from sslrecipes.engine.failures import is_too_large
from sslrecipes.engine.nonfinite.detection import Finding, GradientsOnly, MicroBatch, bad_gradients, repeat
from sslrecipes.engine.nonfinite.module_watch import ModuleWatch, describe, tensors_in
from sslrecipes.engine.nonfinite.record import all_tensors, read_micro_batches, read_record
from sslrecipes.engine.nonfinite.recorded_model import build_model as build_trusted
from sslrecipes.engine.nonfinite.recorded_model import build_recorded
from sslrecipes.errors import CheckpointError, ConfigError, UserError
from sslrecipes.paths.overwriting import refuse_overwriting
from sslrecipes.visualization.grid import picture_grid

IMAGES_SHOWN, ROWS = 64, 8
NAMES_SHOWN = 20


@dataclass(frozen=True)
class Replay:
    """What came out.

    Args:
        record: The record that was run again, see :func:`sslrecipes.engine.nonfinite.record.make_record`.
        micro_batches: Its micro-batches.
        logged: For each of them the values that the model logs.
        finding: What wasn't finite this time.
        watch: Where it began.
    """

    record: Mapping[str, Any]
    micro_batches: Sequence[MicroBatch]
    logged: Sequence[Mapping[str, float]]
    finding: Finding
    watch: ModuleWatch

    @property
    def reproduced(self) -> bool:
        """Whether every loss is, to the last bit, the one of the run, and something is not finite again."""
        return bool(self.finding) and all(map(same, self.finding.losses, self.record['losses']))

    def lines(self) -> Iterator[str]:
        """Yield the report."""
        record, place = self.record, self.record['position']
        yield (
            f'iteration {place["iter"]}, epoch {place["epoch"]}, rank {place["rank"]} of {place["ranks"]}, lr '
            f'{record["lr"][0]:.3g}, {record["precision"]["dtype"] or "float32"} on {record["device"]}; '
            + ', '.join(f'{name} {version}' for name, version in record['versions'].items())
        )
        steps = zip(self.micro_batches, self.logged, self.finding.losses, record['losses'], strict=True)
        for micro_batch, logged, loss, recorded in steps:
            verdict = 'reproduced' if same(loss, recorded) else f'NOT reproduced: it was {recorded!r}'
            yield f'micro-batch {micro_batch.iteration + 1}: loss {loss!r}, {verdict}'
            yield '  logged: ' + ', '.join(f'{name} {value:.6g}' for name, value in logged.items())
            yield from (f'  inputs: {describe(images)}' for images in tensors_in(micro_batch.batch['inputs']))
        yield f'first output that is not finite: {self.watch.first_output or "none"}'
        yield f'backwards, first gradient that is not finite: {self.watch.first_gradient or "none"}'
        bad, count = self.finding.gradients, sum(p.requires_grad for p in self.watch.model.parameters())
        yield f'parameters whose gradient is not finite: {len(bad)} of {count}'
        yield from (f'  {name}' for name in bad[:NAMES_SHOWN])
        if len(bad) > NAMES_SHOWN:
            yield f'  and {len(bad) - NAMES_SHOWN} more'
        yield self._verdict()

    def _verdict(self) -> str:
        if self.reproduced:
            return 'reproduced'
        if not self.finding and self.record['position']['ranks'] > 1:
            return 'not reproduced: losses and gradients of this rank are finite, only their sum over the ranks is not'
        here = f'torch {torch.__version__} on {self.watch.device}'
        return f'not reproduced with {here}: other devices draw other masks, other versions round differently'


def replay(path: str | Path, config: str | Path | None = None, device: str = 'cpu') -> Replay:
    """Run the step in a file of a ``nonfinite`` folder again.

    Args:
        path: The file.
        config: Recipe whose model to build; by default the one in the file, which may consist of the components in
            :mod:`sslrecipes.engine.nonfinite.recorded_model` only.
        device: Where to run. A run on a GPU is reproduced exactly only on such a GPU.

    Raises:
        CheckpointError: If the file is damaged, no such record, asks for more than listed components, or holds a step
            that can't be run.
        ConfigError: If the recipe's model is another one.
    """
    record = read_record(path)
    torch.set_num_threads(record['threads'])
    model = rebuild_model(record, config).to(device).train()
    try:
        return _run(record, model, device)
    except UserError:
        raise
    except Exception as error:  # models raise whatever comes to pass with odd batches
        reason = str(error).strip().split('\n')[0] or type(error).__name__
        if is_too_large(error):
            reason = 'it takes more memory than there is'
        raise CheckpointError(f'The step in "{path}" can not be run: {reason}') from error


def _run(record: Mapping[str, Any], model: nn.Module, device: str) -> Replay:
    micro_batches = read_micro_batches(record)
    settings = dict(record['precision'])
    dtype = getattr(torch, settings.pop('dtype') or '', None)
    gradients = GradientsOnly(torch.device(device).type, dtype, **settings)
    with ModuleWatch(model, device) as watch:
        logged = [repeat(model, micro_batch, gradients) for micro_batch in micro_batches]
    return Replay(record, micro_batches, logged, Finding(tuple(gradients.losses), bad_gradients(model)), watch)


def print_replay(file: str, config: str | Path | None = None, device: str = 'cpu', images: str | None = None) -> bool:
    """Run a step again and print what came out.

    Args:
        file: What the run saved.
        config: Recipe whose model to build; by default what the file says.
        device: Where to run.
        images: Picture of the images to write.

    Returns:
        Whether it was reproduced to the last bit.

    Raises:
        UserError: The file can't be used, or the picture would be written over what is read.
    """
    refuse_overwriting([file, *(config_inputs(load_config(config)) if config else ())], *filter(None, [images]))
    replayed = replay(file, config, device)
    for line in replayed.lines():
        print(line)
    if images:
        print(f'written: {save_images(replayed, images)}')
    return replayed.reproduced


def rebuild_model(record: Mapping[str, Any], config: str | Path | None = None) -> nn.Module:
    """Build the model of a record, or of a recipe, in the state that was recorded."""
    state = record['state']
    if config:
        recipe = load_config(config)
        cfg = {'data_preprocessor': recipe.get('data_preprocessor'), **recipe.model}
        model = build_trusted(cfg, recipe.get('default_scope', record['scope']))
    else:
        model = build_recorded(record['model'], record['scope'], state)
    tensors = all_tensors(model)
    shapes, recorded = ({name: t.shape for name, t in part.items()} for part in (tensors, state))
    if shapes != recorded:
        name = next(name for name in (*shapes, *recorded) if shapes.get(name) != recorded.get(name))
        raise ConfigError(f'The model is not the one that was recorded: they differ in "{name}".')
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(state[name])
    return model


def same(one: float, other: float) -> bool:
    """Tell whether two numbers are equal, or both NaN."""
    return one == other or (math.isnan(one) and math.isnan(other))


def save_images(replayed: Replay, path: str | Path) -> Path:
    """Write the first images of each micro-batch and view as one picture.

    Args:
        replayed: A step.
        path: The picture; its ending is the format.
    """
    columns: dict[str, Tensor] = {}
    for micro_batch in replayed.micro_batches:
        for view, images in enumerate(views(micro_batch.batch['inputs'])):
            for start in range(0, min(len(images), IMAGES_SHOWN), ROWS):
                name = f'{micro_batch.iteration + 1}, view {view}, from {start}'
                columns[name] = to_rgb(images[start : start + ROWS])
    grid = picture_grid(columns, title=f'iteration {replayed.record["position"]["iter"]}')
    image_format = Image.registered_extensions().get(Path(path).suffix.lower())
    if image_format is None:
        raise ConfigError(f'"{path}" has no ending of an image format, such as .png.')
    return write_atomic(path, lambda file: Image.fromarray(np.asarray(grid)).save(file, format=image_format))


def views(inputs: Any) -> list[Tensor]:
    """Return a batch's views, each ``(B, 3, H, W)``; images of a list must have one size."""
    if isinstance(inputs, Tensor):
        return [inputs]
    return list(inputs) if inputs[0].dim() == 4 else [torch.stack(list(inputs))]


def to_rgb(images: Tensor) -> Tensor:
    """BGR images ``(B, 3, H, W)`` as uint8 RGB; those that aren't bytes are stretched, what isn't finite is black."""
    images = images.flip(1)
    if images.dtype == torch.uint8:
        return images
    finite = images.isfinite()
    low, high = (float(f(images[finite])) if finite.any() else 0.0 for f in (torch.min, torch.max))
    stretched = (images - low) / (high - low or 1.0) * 255
    return torch.where(finite, stretched, 0).round().to(torch.uint8)
