"""What a study is, as its config says it: stages, evaluations, factors, table and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

#: The row of the untrained network.
UNTRAINED = 'untrained'
#: The tools that make pictures and exports, see :mod:`sslrecipes.studies.products`.
TOOL_NAMES = ('reconstruction', 'attention', 'views', 'predictions', 'logged', 'export')
#: The factor that sets ``randomness.seed`` of everything, and over which the table shows mean and spread.
SEED = 'seed'


@dataclass(frozen=True)
class Stage:
    """A training.

    Attributes:
        name: In tables and folders.
        recipe: Config below ``configs/`` without its suffix, a path, or the name of a card. May name factors
            (``{size}``).
        options: Overrides by dotted path; values may name factors (``'{size}'`` alone is the value itself) and stages
            (``'{base}'`` is the checkpoint of that stage).
        after: Stage whose checkpoint it starts from, at the place where its recipe takes one.
        checkpoint: A file instead of a training: weights that somebody else has trained.
        title: What tables call it.
    """

    name: str
    recipe: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    after: str = ''
    checkpoint: str = ''
    title: str = ''


@dataclass(frozen=True)
class Evaluation:
    """A judgement of stages, and of the untrained network beside them.

    Attributes:
        name: In tables and folders.
        recipe: As of a stage. With a ``train_cfg`` it is trained (linear probe, fine-tuning, detection), else tested.
            A pattern (``*-linear-*``) chooses among the names that ``Downstream`` of the stage's card lists.
        options: As of a stage.
        of: Names of the stages.
        untrained: Whether the untrained network is evaluated, too. Not with a pattern: then each stage has another.
    """

    name: str
    recipe: str
    options: Mapping[str, Any] = field(default_factory=dict)
    of: Sequence[str] = ()
    untrained: bool = True


@dataclass(frozen=True)
class Product:
    """A file made of a stage or an evaluation: pictures, exported weights.

    Attributes:
        name: Folder below the study's.
        tool: One of :data:`sslrecipes.studies.products.TOOLS`.
        of: Stages or evaluations that were trained.
        arguments: Further arguments of the tool, by the names of its options.
        caption: What a picture shows.
    """

    name: str
    tool: str
    of: Sequence[str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    caption: str = ''


@dataclass(frozen=True)
class TablePlan:
    """What the table shows.

    Attributes:
        rows: What tells rows apart: ``'stage'`` and names of factors.
        columns: Heading -> metric, which may begin with the name of an evaluation (``linear.accuracy/top1``), or a
            cost: ``gflops`` (for an image), ``seconds``, ``images/s``, ``epochs``, and with the stages before it
            ``total seconds`` and ``total tflops``; or ``published``, the figure on the card of the recipe
            (``linear.published`` of an evaluation's).
        spread: Factors over which a cell is a mean with its spread.
        factor: Heading -> what its figures are multiplied with (100 for fractions that are shown as per cent).
    """

    rows: Sequence[str]
    columns: Mapping[str, str]
    spread: Sequence[str] = (SEED,)
    factor: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """A sentence to try.

    Attributes:
        text: The sentence.
        source: Where it is claimed.
        pairs: Pairs of stages, the first of which should be better than the second; see :func:`picked`.
        by: Headings of columns that decide; all of them by default.
    """

    text: str = ''
    source: str = ''
    pairs: Sequence[tuple[str, str]] = ()
    by: Sequence[str] = ()


@dataclass(frozen=True)
class Study:
    """A whole study.

    Attributes:
        name: Stem of its file.
        file: Its config.
        title: Heading of the report.
        claim: What it tries.
        factors: Name -> values; every combination of them is a cell.
        stages: Trainings, by name.
        evaluations: Judgements, by name.
        table: The table.
        pictures: By name.
        exports: By name.
        work_dir: Where it goes by default.
    """

    name: str
    file: str
    title: str
    claim: Claim
    factors: Mapping[str, Sequence[Any]]
    stages: Mapping[str, Stage]
    evaluations: Mapping[str, Evaluation]
    table: TablePlan
    pictures: Mapping[str, Product]
    exports: Mapping[str, Product]
    work_dir: str


def picked(words: str) -> tuple[str, dict[str, str]]:
    """Read which rows of the table are meant: ``trained method=dino`` is the stage in those cells of the factor."""
    network, *conditions = words.split()
    return network, dict(condition.partition('=')[::2] for condition in conditions)
