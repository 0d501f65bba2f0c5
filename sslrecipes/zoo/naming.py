"""What the file name of a recipe says.

``{method}_{backbone}_{gpus}xb{batch}[-accumK][-amp][-linear]-{schedule}-{epochs}e_{dataset}[-{px}px]``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.zoo.places import value_at
from sslrecipes.zoo.schedules import schedule_of

_PATTERN = re.compile(
    r'_(?P<gpus>\d+)xb(?P<batch>\d+)'
    r'(-accum(?P<accum>\d+))?(?P<amp>-amp)?(-linear)?'
    r'-(?P<schedule>[a-z]+)-(?P<epochs>\d+)e'
    r'_(?P<dataset>[a-z0-9-]+?)(-(?P<px>\d+)px)?$'
)
_SCHEDULES = {'WarmupCosineLR': 'coslr', 'StepCosine': 'coslr'}
_DEFAULT_PX = {'in1k': 224}
#: Which argument of a transform is the size of the images that train.
_SIZES = {
    'MultiCrop': 'global_size',
    'RandomResizedCrop': 'scale',
    'Resize': 'scale',
    'RandomCrop': 'crop_size',
    'CenterCrop': 'crop_size',
}


@dataclass(frozen=True)
class RecipeName:
    """What the name of a recipe file says.

    Attributes:
        gpus: Number of processes.
        batch: Images per process and forward pass.
        accum: Forward passes per optimizer step.
        amp: Whether mixed precision is on.
        schedule: Learning-rate schedule (``coslr``).
        epochs: Number of epochs.
        dataset: Short name of the data set, and of a part of it (``in1k``, ``in1k-1pct``).
        px: Image size in pixels; None where the name leaves it out.
    """

    gpus: int
    batch: int
    accum: int
    amp: bool
    schedule: str
    epochs: int
    dataset: str
    px: int | None

    @property
    def effective_batch(self) -> int:
        """Images per optimizer step."""
        return self.gpus * self.batch * self.accum

    def disagreements(self, cfg: Any) -> list[str]:
        """Compare the name with the resolved config ``cfg``; returns one sentence per contradiction."""
        pairs = {
            'batch': (self.batch, cfg.train_dataloader.batch_size),
            'accum': (self.accum, cfg.optim_wrapper.get('accumulative_counts', 1)),
            'amp': (self.amp, cfg.optim_wrapper.type == 'AmpOptimWrapper'),
            'schedule': (self.schedule, _SCHEDULES.get(schedule_of(cfg).get('type', ''))),
            'epochs': (self.epochs, cfg.train_cfg.max_epochs),
        }
        px = self.px or _DEFAULT_PX.get(self.dataset.partition('-')[0])
        if px is not None:
            pairs['px'] = (px, image_size(cfg))
        return [f'the name says {key} {said}, the config {has}' for key, (said, has) in pairs.items() if said != has]


def parse_name(path: str | Path) -> RecipeName | None:
    """Read a recipe's file name; None if it doesn't follow the pattern (a k-NN evaluation, a user's own file)."""
    match = _PATTERN.search(Path(path).stem)
    if match is None:
        return None
    part = match.groupdict()
    return RecipeName(
        gpus=int(part['gpus']),
        batch=int(part['batch']),
        accum=int(part['accum'] or 1),
        amp=part['amp'] is not None,
        schedule=part['schedule'],
        epochs=int(part['epochs']),
        dataset=part['dataset'],
        px=int(part['px']) if part['px'] else None,
    )


def image_size(cfg: Any) -> Any:
    """Size that the backbone says, or else the last of the training's transforms that sets one; None if none does."""
    transforms = value_at(cfg, 'train_dataloader.dataset.pipeline', ())
    found = [value_at(one, _SIZES.get(one['type'], '')) for one in transforms]
    return value_at(cfg, 'model.backbone.img_size') or next(filter(None, reversed(found)), None)
