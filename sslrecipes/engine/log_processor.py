"""The text of a log line: what who watches a run wants to know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from mmengine.runner import LogProcessor as MMEngineLogProcessor

from sslrecipes.registry import LOG_PROCESSORS

#: Share of the time in which the model waits for data from which on a line says so.
NOTABLE_WAIT = 0.1
#: Scalars that are told in other words, or that only a curve needs.
_OTHERWISE = ('time', 'data_time', 'images_per_second', 'data_share', 'epoch', 'iter', 'memory')


@LOG_PROCESSORS.register_module()
class LogProcessor(MMEngineLogProcessor):
    """mmengine's ``LogProcessor`` with shorter lines; JSON and TensorBoard get the same scalars as from upstream.

    A line of a training has the losses and whatever else was logged, one learning rate (that before layer decay and
    the like), images per second, the time left, the memory of a GPU, and the share of waiting for data from 10 % on.
    Upstream's has two rates and the seconds of an iteration and of its data, and doesn't say what they mean for images.
    Args are upstream's.
    """

    def get_log_after_iter(self, runner: Any, batch_idx: int, mode: str) -> tuple[dict[str, Any], str]:
        """Return all scalars, and the line."""
        tag, line = super().get_log_after_iter(runner, batch_idx, mode)
        where = re.match(r'[^\]]*\](\[[^\]]*\])?', line)
        assert where, line
        scalars = {name.removeprefix(f'{mode}/'): value for name, value in tag.items()} if mode == 'train' else {}
        seconds = runner.message_hub.runtime_info.get('eta')
        eta = [] if seconds is None else [f'eta: {timedelta(seconds=int(seconds))}']
        memory = [f'memory: {tag["memory"]} MB'] if 'memory' in tag else []
        return tag, '  '.join([where[0], *self._learning(scalars), *_throughput(scalars), *eta, *memory])

    def get_log_after_epoch(
        self, runner: Any, batch_idx: int, mode: str, with_non_scalar: bool = False
    ) -> tuple[dict[str, Any], str]:
        """Return all scalars, and the line, which leaves out the seconds of an iteration."""
        tag, line = super().get_log_after_epoch(runner, batch_idx, mode, with_non_scalar)
        return tag, re.sub(r'(\s+(\w+/)?(data_)?time: [\d.]+)+$', '', line)

    def _learning(self, scalars: Mapping[str, Any]) -> Iterator[str]:
        """Losses, then the rest of what is logged, then the learning rate (several for several optimizers)."""
        rates = {name: value for name, value in scalars.items() if name.endswith('lr')}
        for name, value in scalars.items():
            if name not in rates and name not in _OTHERWISE:
                yield f'{name}: {value:.{self.num_digits}f}' if isinstance(value, float) else f'{name}: {value}'
        for name, value in rates.items():
            if name.endswith('base_lr'):
                yield f'{name.removesuffix("base_lr")}lr: {value:.2e}'
            elif f'{name.removesuffix("lr")}base_lr' not in rates:
                yield f'{name}: {value:.2e}'


def _throughput(scalars: Mapping[str, Any]) -> Iterator[str]:
    if 'images_per_second' in scalars:
        yield f'{scalars["images_per_second"]:.{0 if scalars["images_per_second"] >= 10 else 1}f} img/s'
    elif 'time' in scalars:
        yield f'time: {scalars["time"]:.3g} s'
    if scalars.get('data_share', 0) >= NOTABLE_WAIT:
        yield f'waiting for data: {scalars["data_share"]:.0%}'
