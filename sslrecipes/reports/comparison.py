"""How far two accuracies on the same images differ, and how far that is beyond chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

#: Standard errors beyond which a difference counts.
CLEAR = 2.0


class Difference(NamedTuple):
    """Accuracy of one network less that of another, in %.

    Attributes:
        value: The difference.
        error: Its standard error from the choice of the images.
    """

    value: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether it is larger than sampling error explains."""
        return abs(self.value) > CLEAR * self.error

    def __str__(self) -> str:
        return f'{self.value:+.1f} ± {self.error:.1f}'


@dataclass(frozen=True)
class Hits:
    """Which of the images a classifier got right.

    Args:
        right: A bit for each image.
        images: Number of images.
    """

    right: int
    images: int

    @property
    def accuracy(self) -> float:
        """In %."""
        return 100 * self.right.bit_count() / self.images

    @property
    def error(self) -> float:
        """Binomial standard error of the accuracy, in %.

        That of one image more and one less, so that 0 of 10 and 10 of 10 aren't taken for certain (Agresti and Coull).
        """
        count = self.images + 4
        share = (self.right.bit_count() + 2) / count
        return 100 * math.sqrt(share * (1 - share) / count)

    def less(self, other: Hits) -> Difference:
        """Subtract the accuracy of another classifier on the same images.

        The error is that of paired samples: images that both get right, or wrong, tell nothing. It is at least that of
        one image on which they differ.
        """
        gained, lost = (self.right & ~other.right).bit_count(), (other.right & ~self.right).bit_count()
        spread = max(gained + lost - (gained - lost) ** 2 / self.images, 1.0)
        return Difference(100 * (gained - lost) / self.images, 100 * math.sqrt(spread) / self.images)
