"""A run as its folder tells of it: read as a guest, also while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sslrecipes.checkpoint.files.run_schema import read_run_meta
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.config.places import value_at
from sslrecipes.datasets.images.bad_images import BadImageList
from sslrecipes.errors import CheckpointError, DataError
from sslrecipes.paths.owner import read_owner
from sslrecipes.paths.ownership import NAME, SECONDS_TO_WATCH
from sslrecipes.reports.run_config import RunConfig, read_run_config
from sslrecipes.reports.run_log import RunLog, read_log
from sslrecipes.reports.scores import Scores
from sslrecipes.visualization.curves import Curve, read_records, read_scalars

State = Literal['finished', 'going on', 'broken off', 'unknown']


@dataclass(frozen=True)
class RunRecord:
    """What a run's folder tells.

    Attributes:
        folder: The work directory.
        config: Its config.
        scalars: What it logged, by name.
        log: What its logs say.
        state: Whether it is over.
        step: Iterations (micro-batches) of the last logged line.
        epoch: Epoch of that line, from 1; 0 in runs that count none.
        bad_images: Number of training images that couldn't be read.
        images: Number of training images; None if no checkpoint tells.
        nonfinite: Records of steps that weren't finite.
        trivial_loss: Loss of a network that tells no images apart, if the method knows it.
        scores: Of the features of its milestones, if they were evaluated.
        no_scores: Why they weren't.
    """

    folder: Path
    config: RunConfig
    scalars: Mapping[str, Curve]
    log: RunLog = field(default_factory=RunLog)
    state: State = 'unknown'
    step: int = 0
    epoch: int = 0
    bad_images: int = 0
    images: int | None = None
    nonfinite: Sequence[str] = ()
    trivial_loss: float | None = None
    scores: Scores | None = None
    no_scores: str = ''

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.name or str(self.folder)

    @property
    def model(self) -> str:
        """Class of its model."""
        return str(value_at(self.config.values, 'model.type', '')).rpartition('.')[2]

    @property
    def epochs(self) -> int | None:
        """Planned length, if it counts epochs."""
        length = value_at(self.config.values, 'train_cfg.max_epochs')
        return length if isinstance(length, int) else None

    @property
    def steps_per_update(self) -> int:
        """Micro-batches of an optimizer step."""
        return int(value_at(self.config.values, 'optim_wrapper.accumulative_counts') or 1)

    def curve(self, *names: str) -> Curve | None:
        """The first of some scalars that was logged."""
        return next((self.scalars[name] for name in names if name in self.scalars), None)

    def loss(self) -> Curve | None:
        """Loss of the method, without that of a joint probe."""
        parts = [name for name in self.scalars if 'loss' in name and '/' not in name]
        own = [self.scalars[name] for name in parts if name not in ('loss', 'loss_probe')]
        if 'loss_probe' not in parts or not own:
            return self.curve('loss') or (own[0] if len(own) == 1 else None)
        by_step = [dict(zip(curve.steps, curve.values, strict=True)) for curve in own]
        steps = [step for step in own[0].steps if all(step in part for part in by_step)]
        return Curve(own[0].unit, steps, [sum(part[step] for part in by_step) for step in steps])


def read_run(folder: Path) -> RunRecord:
    """Read a run; nothing is written, nothing of it is executed.

    Raises:
        DataError: If the folder holds no run, or its scalars can't be read.
    """
    if not folder.is_dir():
        raise DataError(f'There is no run in "{folder}": it {"is no folder" if folder.exists() else "does not exist"}.')
    started = any(folder.glob('*/*.log'))
    scalars = read_scalars(folder) if any(folder.glob('*/vis_data/scalars.json')) or not started else {}
    if not scalars:
        raise DataError(f'The run in "{folder}" has logged nothing yet: report on it after its first log line.')
    config, trained = read_run_config(folder), [row for row in read_records(folder) if 'iter' in row and 'loss' in row]
    last: Mapping[str, Any] = trained[-1] if trained else {}
    epochs = value_at(config.values, 'train_cfg.max_epochs')
    return RunRecord(
        folder,
        config,
        scalars,
        read_log(folder),
        state_of(folder),
        int(last.get('iter', 0)),
        int(last.get('epoch', 0)) if isinstance(epochs, int) else 0,
        bad_images_in(folder),
        images_of(folder),
        sorted(path.name for path in folder.glob('nonfinite/*.pth')),
    )


def state_of(folder: Path) -> State:
    """Tell by its lock whether a run is over."""
    lock = folder / NAME
    try:
        owner = read_owner(lock.read_bytes())
        silent = time.time() - lock.stat().st_mtime
    except OSError:
        return 'unknown'
    if owner is None:
        return 'unknown'
    if owner.finished:
        return 'finished'
    if owner.is_alive or not (owner.ended or owner.is_here or silent > SECONDS_TO_WATCH):
        return 'going on'
    return 'broken off'


def bad_images_in(folder: Path) -> int:
    """Count the images on the run's list of bad ones."""
    listed = BadImageList(folder / 'bad_images.txt')
    listed.refresh()
    return len(listed)


def images_of(folder: Path) -> int | None:
    """Number of training images, as the newest checkpoint that can be read tells."""
    for file in reversed(CheckpointStore(folder).checkpoints()):
        try:
            return int(read_run_meta(file, sealed=False)['dataset']['number of images'])
        except (CheckpointError, KeyError, ValueError):
            continue
    return None
