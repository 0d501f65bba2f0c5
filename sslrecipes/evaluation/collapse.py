"""How far embeddings and assignments are from being the same for all images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sslrecipes.errors import ConfigError, did_you_mean


class AssignmentStatistics(NamedTuple):
    """What assignments of N images to K prototypes tell, in shares of ln K.

    Attributes:
        usage: Entropy of the mean assignment: 1 if all prototypes are used alike, 0 if only one is.
        doubt: Mean entropy of an assignment: 1 if each is uniform, 0 if each is certain.
        attainable: Usage if all N images went to prototypes of their own, at most 1.
    """

    usage: float
    doubt: float
    attainable: float


class Look(NamedTuple):
    """What is seen of a network at a time; means over the processes. NaN stands for what there isn't.

    Attributes:
        std: See :func:`embedding_std`.
        rank: See :func:`effective_rank`.
        max_rank: min(N, C).
        usage: See :class:`AssignmentStatistics`.
        doubt: Likewise.
        attainable: Likewise.
        loss: Loss of the method.
    """

    std: float
    rank: float
    max_rank: float
    usage: float
    doubt: float
    attainable: float
    loss: float


@dataclass(frozen=True)
class Limits:
    """Below what a network counts as collapsed.

    The defaults lie between what tests/long/collapse.py measures of collapsed and of healthy networks, which are tiny;
    larger ones have larger ranks.

    Args:
        std: Least standard deviation of the embeddings.
        rank: Least effective rank of the embeddings; with few of them a quarter of what is possible, if that is less.
        usage: Least entropy of the mean assignment, as a share of what is attainable.
        information: Least mutual information of image and prototype, as a share of ln K.
    """

    std: float = 0.1
    rank: float = 3.5
    usage: float = 0.3
    information: float = 0.01

    @classmethod
    def of(cls, options: Mapping[str, float] | None) -> Limits:
        """Make limits from options.

        Raises:
            ConfigError: For an unknown option.
        """
        known = [field.name for field in fields(cls)]
        for name in options or ():
            if name not in known:
                raise ConfigError(
                    f'Limits of a collapse are {", ".join(known)}, not "{name}".{did_you_mean(name, known)}'
                )
        return cls(**(options or {}))

    def reasons(self, look: Look) -> list[str]:
        """Say what is wrong; empty if nothing is."""
        found = []
        if look.std < self.std:
            found.append(f'embeddings hardly differ (standard deviation {look.std:.2g}, healthy about 1)')
        if look.rank < min(self.rank, look.max_rank / 4):
            found.append(f'embeddings fill {look.rank:.1f} of {look.max_rank:.0f} dimensions')
        if look.usage < self.usage * look.attainable:
            found.append(f'nearly all images go to the same prototypes (entropy {look.usage:.1%} of ln K)')
        elif look.usage - look.doubt < self.information:
            found.append(f'all images are assigned alike ({look.usage - look.doubt:.2%} of ln K tell them apart)')
        return found


def embedding_std(rows: Tensor) -> float:
    """Standard deviation of embeddings on the unit sphere, per dimension, times sqrt(C).

    About 1 if they are spread over the sphere, 0 if they all point the same way.

    Args:
        rows: Embeddings ``(N, C)``, N > 1.

    Source: `Exploring Simple Siamese Representation Learning <https://arxiv.org/abs/2011.10566>`_, section 4.1.
    """
    unit = F.normalize(rows.double(), dim=1)
    return float(unit.std(dim=0).mean() * math.sqrt(rows.shape[1]))


def effective_rank(rows: Tensor) -> float:
    """Exponential of the entropy of the normalised singular values: 1 to min(N, C).

    Args:
        rows: Embeddings ``(N, C)``, not centred.

    Source: `RankMe <https://arxiv.org/abs/2210.02885>`_, equation 1.
    """
    matrix = rows.double()
    gram = matrix @ matrix.T if len(matrix) < matrix.shape[1] else matrix.T @ matrix
    values = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt()
    return float(_entropy(values / values.sum().clamp(min=torch.finfo(values.dtype).tiny)).exp())


def assignment_statistics(probabilities: Tensor) -> AssignmentStatistics:
    """Look at assignments of images to prototypes.

    Args:
        probabilities: ``(N, K)``, K > 1; rows that don't sum to 1 are scaled.
    """
    rows = probabilities.float()
    rows = rows / rows.sum(dim=1, keepdim=True)
    whole = math.log(rows.shape[1])
    return AssignmentStatistics(
        usage=float(_entropy(rows.mean(dim=0))) / whole,
        doubt=float(_entropy(rows).mean()) / whole,
        attainable=math.log(min(rows.shape)) / whole,
    )


def look_at(embeddings: Tensor | None, assignments: Tensor | None, loss: float) -> Look:
    """Measure embeddings ``(N, C)`` and assignments ``(N, K)``: with fewer than two rows, or a NaN, nothing is seen."""
    std = rank = max_rank = math.nan
    statistics = AssignmentStatistics(math.nan, math.nan, math.nan)
    if embeddings is not None and len(embeddings) > 1 and embeddings.isfinite().all():
        rows = embeddings.cpu()
        std, rank, max_rank = embedding_std(rows), effective_rank(rows), float(min(rows.shape))
    if assignments is not None and min(assignments.shape) > 1:
        statistics = assignment_statistics(assignments)
    return Look(std, rank, max_rank, *statistics, loss)


def _entropy(probabilities: Tensor) -> Tensor:
    """Entropy along the last dimension, in nats."""
    return torch.special.entr(probabilities).sum(dim=-1)
