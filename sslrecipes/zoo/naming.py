"""What the file name of a recipe says.

``{method}_{backbone}_{gpus}xb{batch}[-accumK][-amp][-linear]-{schedule}-{epochs}e_{dataset}[-{px}px]``; the length of
detectors' and segmentors' training is ``{thousands of iterations}k``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.config.picture_size import SIZES
from sslrecipes.config.places import value_at, walk
from sslrecipes.config.schedules import schedule_of

_PATTERN = re.compile(
    r'_(?P<gpus>\d+)xb(?P<batch>\d+)'
    r'(-accum(?P<accum>\d+))?(?P<amp>-amp)?(-linear)?'
    r'-(?P<schedule>[a-z]+)-((?P<epochs>\d+)e|(?P<thousands>\d+)k)'
    r'_(?P<dataset>[a-z0-9-]+?)(-(?P<px>\d+x\d+|\d+(?=px))(px)?)?$'
)
_SCHEDULES = {
    **dict.fromkeys(('WarmupCosineLR', 'CosineScheduler', 'CosineAnnealingLR'), 'coslr'),
    'MultiStepLR': 'multisteplr',
    'PolyLR': 'polylr',
    '': 'constlr',
}
_DEFAULT_PX = {'in1k': 224, 'cub200': 224}


@dataclass(frozen=True)
class RecipeName:
    """What the name of a recipe file says.

    Attributes:
        gpus: Number of processes.
        batch: Images per process and forward pass.
        accum: Forward passes per optimizer step.
        amp: Whether mixed precision is on.
        schedule: Learning-rate schedule (``coslr``).
        epochs: Number of epochs; None where the name counts iterations.
        dataset: Short name of the data set, and of a part of it (``in1k``, ``in1k-1pct``).
        px: Image size in pixels, ``(height, width)`` if these differ; None where the name leaves it out.
        thousands: Thousands of iterations, rounded; None where the name counts epochs.
    """

    gpus: int
    batch: int
    accum: int
    amp: bool
    schedule: str
    epochs: int | None
    dataset: str
    px: int | tuple[int, int] | None
    thousands: int | None = None

    @property
    def effective_batch(self) -> int:
        """Images per optimizer step."""
        return self.gpus * self.batch * self.accum

    def disagreements(self, cfg: Any) -> list[str]:
        """Compare the name with the resolved config ``cfg``; returns one sentence per contradiction."""
        iterations = cfg.train_cfg.get('max_iters')
        pairs = {
            'batch': (self.batch, cfg.train_dataloader.batch_size),
            'accum': (self.accum, cfg.optim_wrapper.get('accumulative_counts', 1)),
            'amp': (self.amp, cfg.optim_wrapper.type.rpartition('.')[2] == 'AmpOptimWrapper'),
            'schedule': (self.schedule, _SCHEDULES.get(schedule_of(cfg).get('type', ''))),
            'epochs': (self.epochs, cfg.train_cfg.get('max_epochs')),
            'thousands of iterations': (self.thousands, iterations and round(iterations / 1000)),
            'px': self._sizes(cfg),
        }
        return [f'the name says {key} {said}, the config {has}' for key, (said, has) in pairs.items() if said != has]

    def _sizes(self, cfg: Any) -> tuple[Any, Any]:
        """Image size by the name and by the config; detectors without a crop are for images of any size."""
        if cfg.get('transfer') is not None:
            crop = crop_size(cfg)
            return (self.px if crop else None), crop
        px = self.px or _DEFAULT_PX.get(self.dataset.partition('-')[0])
        return px, image_size(cfg) if px else None


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
        epochs=int(part['epochs']) if part['epochs'] else None,
        dataset=part['dataset'],
        px=_px(part['px']),
        thousands=int(part['thousands']) if part['thousands'] else None,
    )


def _px(said: str | None) -> int | tuple[int, int] | None:
    sizes = [int(size) for size in said.split('x')] if said else []
    return (sizes[0], sizes[1]) if len(sizes) == 2 else next(iter(sizes), None)


def image_size(cfg: Any) -> Any:
    """Size that the backbone says, or else the last of the training's transforms that sets one; None if none does."""
    transforms = value_at(cfg, 'train_dataloader.dataset.pipeline', ())
    found = [value_at(one, SIZES.get(one['type'], '')) for one in transforms]
    return value_at(cfg, 'model.backbone.img_size') or next(filter(None, reversed(found)), None)


def crop_size(cfg: Any) -> int | tuple[int, int] | None:
    """Size of the crops that a detector or segmentor trains on, ``(height, width)`` if these differ; None without."""
    for _, transform in walk(value_at(cfg, 'train_dataloader.dataset')):
        if value_at(transform, 'type') == 'RandomCrop':
            height, width = transform['crop_size']
            return int(height) if height == width else (int(height), int(width))
    return None
