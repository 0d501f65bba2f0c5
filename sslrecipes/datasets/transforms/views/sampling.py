"""The parameters of a random view, drawn before any pixel is touched.

Everything comes from the generator of ``random``, which ``SeededDataset`` seeds for each sample.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from sslrecipes.config.rules.views import JITTERS

Box = tuple[int, int, int, int]

MIN_ASPECT, MAX_ASPECT = 3 / 4, 4 / 3
MIN_RADIUS, MAX_RADIUS = 0.1, 2.0
_TRIES = 10


@dataclass(frozen=True)
class ViewParams:
    """One view of an image, to be made in the order of the attributes.

    The flip may as well come last, as it does in MoCo v2: no other change tells left from right.

    Attributes:
        box: ``(left, top, right, bottom)`` of the crop in pixels.
        size: Side in pixels to which the crop is resized.
        flip: Whether it is mirrored from left to right.
        jitter: Changes of colour in their order, each a name of ``JITTERS`` and a factor; of ``hue`` a share of the
            whole turn, else 1 changes nothing.
        grey: Whether it loses its colour.
        blur: Standard deviation of the Gaussian in pixels; ``None`` for a sharp view.
        solarize: Whether values of 128 and more are inverted.
        interpolation: How the crop is resized, 'bicubic' or 'bilinear'.
    """

    box: Box
    size: int
    flip: bool = False
    jitter: tuple[tuple[str, float], ...] = ()
    grey: bool = False
    blur: float | None = None
    solarize: bool = False
    interpolation: str = 'bicubic'


@dataclass(frozen=True)
class ViewDistribution:
    """What views are drawn from.

    Attributes:
        size: Side of the view in pixels.
        scale: Least and largest share of the image's area that is seen.
        jitter: Strengths of ``JITTERS``: factors are from 1 - x to 1 + x, the turn of the hue from -x to x.
        blur: Probability of blur.
        solarize: Probability of solarisation.
        jitter_prob: Probability of jitter.
        grey_prob: Probability of greyscale.
        flip_prob: Probability of a flip.
        interpolation: How crops are resized, 'bicubic' or 'bilinear'.
    """

    size: int
    scale: tuple[float, float]
    jitter: tuple[float, ...]
    blur: float
    solarize: float
    jitter_prob: float = 0.8
    grey_prob: float = 0.2
    flip_prob: float = 0.5
    interpolation: str = 'bicubic'

    def draw(self, height: int, width: int) -> ViewParams:
        """Draw a view of an image of this many pixels."""
        return ViewParams(
            box=draw_box(height, width, self.scale),
            size=self.size,
            flip=_happens(self.flip_prob),
            jitter=draw_jitter(self.jitter) if _happens(self.jitter_prob) else (),
            grey=_happens(self.grey_prob),
            blur=random.uniform(MIN_RADIUS, MAX_RADIUS) if _happens(self.blur) else None,
            solarize=_happens(self.solarize),
            interpolation=self.interpolation,
        )


def draw_box(height: int, width: int, scale: tuple[float, float]) -> Box:
    """Draw a crop as torchvision's ``RandomResizedCrop`` does.

    Area and logarithm of the aspect are uniform; after ten boxes that don't fit, it is the largest central one.
    """
    for _ in range(_TRIES):
        area = height * width * random.uniform(*scale)
        aspect = math.exp(random.uniform(math.log(MIN_ASPECT), math.log(MAX_ASPECT)))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = random.randint(0, width - w), random.randint(0, height - h)
            return left, top, left + w, top + h
    w, h = width, height
    if width < MIN_ASPECT * height:
        h = round(width / MIN_ASPECT)
    elif width > MAX_ASPECT * height:
        w = round(height * MAX_ASPECT)
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def draw_jitter(strengths: tuple[float, ...]) -> tuple[tuple[str, float], ...]:
    """Draw factors as torchvision's ``ColorJitter`` does, in random order; what has no strength is left out."""
    *strengths_around_one, turn = strengths
    factors = [random.uniform(max(0.0, 1 - x), 1 + x) for x in strengths_around_one]
    factors.append(random.uniform(-turn, turn))
    order = random.sample(range(len(JITTERS)), len(JITTERS))
    return tuple((JITTERS[i], factors[i]) for i in order if strengths[i])


def _happens(probability: float) -> bool:
    return random.random() < probability
