"""Methods that learn colours need pictures with colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sslrecipes.config.places import Objection, value_at, walk

#: Data sets of grey pictures, and transforms that make pictures grey.
GREY = ('FashionMNIST', 'MNIST', 'StandardizedGrey', 'Lightness')
DATASET = 'train_dataloader.dataset'


def there_are_colours(cfg: Any) -> Iterator[Objection]:
    """Colorization doesn't train on grey pictures, of which it would learn nothing."""
    if str(value_at(cfg, 'model.type')).rpartition('.')[2] != 'Colorization':
        return
    for place, node in walk(value_at(cfg, DATASET), DATASET):
        kind = str(value_at(node, 'type')).rpartition('.')[2]
        if kind in GREY:
            yield (
                (
                    f'Colorization learns the colours of pictures, but {kind} gives none: use other data, or leave the '
                    'transform out.'
                ),
                (f'{place}.type',),
            )
