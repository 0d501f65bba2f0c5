"""k-NN accuracies of many checkpoints: what ``tools/evaluate_knn.py`` does."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from mmengine.config import Config
from rich.console import Console
from rich.markup import escape

from sslrecipes.checkpoint.files.superseded import name_before, set_aside
from sslrecipes.commands.knn_report import KNNRow, draw_curve, print_accuracies, rows_of, write_csv
from sslrecipes.commands.launch import build_runner
from sslrecipes.commands.untrained_row import UNTRAINED, untrained_metrics
from sslrecipes.config.preconditions import check_places
from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.evaluation import NEIGHBOURS
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError, counted

WEIGHTS_SUFFIXES = ('.pth', '.pt', '.safetensors', '.tar', '.pkl')
CSV, CURVE, FEATURES = 'knn.csv', 'knn.png', 'features'
console = Console()


class Candidate(NamedTuple):
    """A file to evaluate; one that was ``found`` in a folder may turn out to be no checkpoint."""

    path: Path
    found: bool


def evaluate_knn(
    cfg: Config,
    places: Sequence[str | Path],
    out: Path,
    *,
    ks: Sequence[int] | None = None,
    temperature: float | None = None,
    cache: Path | None = None,
    untrained: bool = False,
) -> list[KNNRow]:
    """Evaluate checkpoints one by one, and write ``knn.csv`` after each, in the end ``knn.png`` if there are several.

    Results of an earlier call are kept as ``*.superseded``. Features are extracted once for each checkpoint and data
    set, for all ``ks``.

    Args:
        cfg: Config whose ``test_cfg`` is a ``KNNLoop``. Its linear probes are left out.
        places: Checkpoints of any method, and folders of them.
        out: Folder for results and logs.
        ks: Numbers of neighbours instead of the config's.
        temperature: Softness of the vote instead of the config's.
        cache: Folder of features, which later calls find again; None keeps none.
        untrained: Whether the untrained network of the config is evaluated, too, after the checkpoints.

    Returns:
        A row for each checkpoint and k; the first rows are those of the untrained network.

    Raises:
        UserError: If the config evaluates no k-NN, or a file given by name is missing, no checkpoint or another's.
    """
    candidates = find_checkpoints(places)
    runner = build_runner(_adapted(cfg, out, ks, temperature, cache), 'test', needs_weights=False)
    rows: list[KNNRow] = []
    for new in _evaluate_each(runner, candidates, further=int(untrained)):
        if not rows:
            for name in (CSV, CURVE):
                set_aside(out / name)
        rows += new
        write_csv(out / CSV, rows)
    if not rows:
        raise CheckpointError(f'There is no checkpoint to evaluate in {", ".join(map(str, places))}.')
    several = rows[0].checkpoint != rows[-1].checkpoint
    if untrained:
        console.rule('the untrained network')
        rows[:0] = rows_of(UNTRAINED, runner.test_loop.ks, untrained_metrics(runner))
        write_csv(out / CSV, rows)
    print_accuracies(console, rows, len(runner.test_loop.dataloader.dataset))
    if several:
        draw_curve(out / CURVE, rows)
    return rows


def find_checkpoints(places: Sequence[str | Path]) -> list[Candidate]:
    """List files, and those of folders in natural order (``epoch_9`` before ``epoch_10``), each once.

    What is left out is printed.

    Raises:
        CheckpointError: If a place is missing, or there is no file of weights at all.
    """
    candidates: dict[Path, Candidate] = {}
    check_places(places)
    for place in map(Path, places):
        for candidate in _files_of(place) if place.is_dir() else [Candidate(place, found=False)]:
            candidates.setdefault(candidate.path.resolve(), candidate)
    if not candidates:
        raise CheckpointError(
            f'There is no checkpoint ({", ".join(WEIGHTS_SUFFIXES)}) in {", ".join(map(str, places))}.'
        )
    return list(candidates.values())


def natural_key(path: Path) -> list[tuple[int, str]]:
    """Sort key by which numbers in names count as such."""
    return [(int(digits or 0), text) for text, digits in re.findall(r'(\D*)(\d*)', path.name)]


def _files_of(folder: Path) -> Iterator[Candidate]:
    """Files of a folder that are named like weights; what else a run keeps there is no candidate."""
    superseded = 0
    for path in sorted((path for path in folder.iterdir() if not path.is_dir()), key=natural_key):
        first_name = name_before(path)
        if first_name.suffix.lower() not in WEIGHTS_SUFFIXES:
            continue
        if first_name != path:
            superseded += 1
        elif path.is_file():
            yield Candidate(path, found=True)
        else:
            _skip(path, 'it is no regular file')
    if superseded:
        _say(f'left out of {folder}: {counted(superseded, "superseded checkpoint")}')


def _skip(path: Path, reason: str) -> None:
    _say(f'skipped {path}: {reason}')


def _say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _evaluate_each(runner: Any, candidates: Sequence[Candidate], further: int) -> Iterator[list[KNNRow]]:
    """Yield the rows of each checkpoint, and print which one it is and how long the rest, and ``further``, may take."""
    seconds: list[float] = []
    for done, candidate in enumerate(candidates):
        left = (
            timedelta(seconds=round(fmean(seconds) * (len(candidates) + further - done))) if seconds else 'unknown time'
        )
        console.rule(f'{done + 1} of {len(candidates)}: {escape(candidate.path.name)}, {left} left')
        start = time.monotonic()
        if rows := _evaluated(runner, candidate):
            seconds.append(time.monotonic() - start)
            yield rows


def _evaluated(runner: Any, candidate: Candidate) -> list[KNNRow]:
    """Rows of a checkpoint; none for a file in a folder that holds no weights."""
    try:
        runner.load_checkpoint(str(candidate.path))
    except CoverageError:
        raise
    except CheckpointError as error:
        if not candidate.found:
            raise
        _skip(candidate.path, str(error))
        return []
    metrics = runner.test()
    return rows_of(str(candidate.path), runner.test_loop.ks, metrics)


def _adapted(cfg: Config, out: Path, ks: Sequence[int] | None, temperature: float | None, cache: Path | None) -> Config:
    """Write what the caller wants into the config."""
    test_cfg = cfg.get('test_cfg') or {}
    if str(test_cfg.get('type')).rpartition('.')[2] != 'KNNLoop':
        raise ConfigError(
            f'"{cfg.filename}" evaluates no k-NN: give a config with test_cfg.type="KNNLoop".', 'test_cfg'
        )
    wanted = dict(ks=ks, temperature=temperature, cache_dir=cache and str(cache))
    given = {name: value for name, value in wanted.items() if value is not None}
    for name in given.keys() & NEIGHBOURS.keys():
        refuse(bad_value(name, given[name], NEIGHBOURS[name]))
    test_cfg.update(given, linear=None)
    cfg.update(work_dir=str(out), load_from=None, launcher='none')
    return cfg
