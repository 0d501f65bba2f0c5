"""Scores of networks, and the file that remembers them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslrecipes.checkpoint.files.writing import write_atomic
from sslrecipes.reports.comparison import Hits

#: Numbers of neighbours; the last one is that of the tables.
KS = (1, 5, 20)
UNTRAINED, REFERENCE = 'untrained', 'reference'
CACHE = 'report_scores.json'


@dataclass(frozen=True)
class Network:
    """Weights to score.

    Args:
        name: Of the checkpoint without suffix, or :data:`UNTRAINED`.
        digest: Of the weights, or what else tells them from others.
        file: The checkpoint; None for the network as initialised.
    """

    name: str
    digest: str
    file: Path | None = None


@dataclass(frozen=True)
class Score:
    """What was found of a network's features.

    Attributes:
        name: See :class:`Network`.
        digest: Likewise.
        hits: By the number of neighbours, the images of which those were mostly of the same class.
        rank: Effective rank.
        largest_rank: The largest that is possible.
        std: Standard deviation of the normalised features, about 1 if they are spread out.
    """

    name: str
    digest: str
    hits: Mapping[int, Hits]
    rank: float
    largest_rank: int
    std: float

    @property
    def k(self) -> int:
        """The number of neighbours of the tables."""
        return max(self.hits)

    @property
    def main(self) -> Hits:
        """The images classified right by that many."""
        return self.hits[self.k]


@dataclass(frozen=True)
class Scores:
    """Scores of the networks of a run on the same images.

    Attributes:
        images: What these are called: 'validation images'.
        milestones: Checkpoints of the run, the oldest first.
        untrained: The network as initialised.
        reference: Another checkpoint, if one was given.
    """

    images: str
    milestones: Sequence[Score]
    untrained: Score | None = None
    reference: Score | None = None


def read_cache(file: Path, data: str) -> dict[str, Score]:
    """Read the scores that an earlier report left, by digest; none of other images, or if the file is damaged.

    Args:
        file: The file.
        data: What tells the images from others.
    """
    try:
        told = json.loads(file.read_bytes())
        return {row['digest']: _score(row) for row in told['scores']} if told['data'] == data else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def write_cache(file: Path, data: str, scores: Sequence[Score]) -> None:
    """Leave scores for later reports.

    Raises:
        StorageError: If they can't be written.
    """
    text = json.dumps({'data': data, 'scores': [_row(score) for score in scores]}, indent=1)
    write_atomic(file, lambda path: path.write_text(text + '\n'))


def _row(score: Score) -> dict[str, Any]:
    hits = {str(k): {'right': f'{hits.right:x}', 'images': hits.images} for k, hits in score.hits.items()}
    facts = {'rank': score.rank, 'largest_rank': score.largest_rank, 'std': score.std}
    return {'name': score.name, 'digest': score.digest, 'hits': hits, **facts}


def _score(row: Mapping[str, Any]) -> Score:
    hits = {int(k): Hits(int(told['right'], 16), int(told['images'])) for k, told in row['hits'].items()}
    return Score(row['name'], row['digest'], hits, row['rank'], row['largest_rank'], row['std'])
