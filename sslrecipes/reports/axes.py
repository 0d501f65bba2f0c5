"""Axes of a chart: where a value lies, and which numbers stand at the side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A maximum that many times the median is drawn on a logarithmic axis: otherwise most of the curve would be flat.
_SKEWED = 30
_MARGIN = 0.04
#: What is larger is no number to draw.
HUGE = 1e300


@dataclass(frozen=True)
class Tick:
    """A number at an axis, and its place in the picture."""

    place: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A range of values laid on a range of the picture.

    Attributes:
        low: Lowest value; its logarithm to base 10 if ``log``.
        high: Highest value, likewise.
        start: Place of ``low`` in the picture.
        end: Place of ``high``.
        log: Whether equal lengths are equal factors.
        whole: Whether only whole numbers have a meaning.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False

    def places(self, values: Sequence[float] | NDArray[Any]) -> NDArray[np.float64]:
        """Return where values lie in the picture."""
        scaled = np.log10(values) if self.log else np.asarray(values, float)
        return self.start + (scaled - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[Tick]:
        """Return about ``most`` round numbers and their places."""
        if self.log:
            numbers, texts = _powers(self.low, self.high, most)
        else:
            step = _round_step((self.high - self.low) / most)
            step = max(step, 1.0) if self.whole else step
            numbers = [k * step for k in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]
            texts = _texts(numbers, step)
        return [Tick(float(place), text) for place, text in zip(self.places(numbers), texts, strict=True)]


def step_axis(steps: NDArray[np.float64], start: float, end: float) -> Axis:
    """Lay the steps of a training from left to right, from the first to the last."""
    low, high = _apart(float(steps.min()), float(steps.max()))
    return Axis(low, high, start, end, whole=bool((steps == np.floor(steps)).all()))


def value_axis(values: NDArray[np.float64], start: float, end: float) -> Axis:
    """Lay finite values from the bottom to the top, with some room; from zero if that is near."""
    if values.min() > 0 and values.max() > _SKEWED * np.median(values):
        low, high = math.log10(values.min()), math.log10(values.max())
        room = _MARGIN * (high - low)
        return Axis(low - room, high + room, start, end, log=True)
    low, high = _apart(float(values.min()), float(values.max()))
    room = _MARGIN * (high - low)
    return Axis(0.0 if 0 <= low <= 0.3 * high else low - room, high + room, start, end)


def is_finite(values: Sequence[float]) -> NDArray[np.bool_]:
    """Tell which values can be drawn: numbers, and neither infinite nor next to it."""
    return np.abs(np.asarray(values, float)) < HUGE


def short_number(value: float) -> str:
    """Write a number with four significant digits, with three and a power of ten if it is large or small."""
    text = f'{value:.4g}'
    return _scientific(value) if 'e' in text else text


def _apart(low: float, high: float) -> tuple[float, float]:
    """Give equal ends, or such that the numbers at an axis would be all the same, some distance."""
    least = max(abs(low), abs(high)) * 1e-6
    if high - low > least:
        return low, high
    room = abs(low) * 0.05 or 1.0
    return low - room, high + room


def _round_step(least: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= least * (1 - 1e-9))


def _texts(numbers: Sequence[float], step: float) -> list[str]:
    largest = max(map(abs, numbers), default=0.0)
    if largest >= 1e9 or 0 < largest < 1e-3:
        return [_scientific(number) if number else '0' for number in numbers]
    divisor, unit = (1e6, 'M') if largest >= 1e6 else (1e3, 'k') if largest >= 1e4 else (1.0, '')
    digits = next(digits for digits in range(16) if math.isclose(round(step / divisor, digits), step / divisor))
    return [f'{number / divisor:.{digits}f}{unit}' if number else '0' for number in numbers]


def _powers(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    every = math.ceil((high - low) / most)
    exponents = [exponent for exponent in range(math.floor(low), math.floor(high) + 1) if exponent % every == 0]
    factors = (1,) if high - low > 2 else (1, 2, 5)
    numbers = [factor * 10.0**exponent for exponent in exponents for factor in factors]
    numbers = [number for number in numbers if low <= math.log10(number) <= high]
    return numbers, [f'{number:g}' if 1e-3 <= number < 1e4 else _scientific(number) for number in numbers]


def _scientific(number: float) -> str:
    """Write a number as ``2.5e-5``."""
    mantissa, exponent = f'{number:.2e}'.split('e')
    return f'{float(mantissa):g}e{int(exponent)}'
