"""The parts of a report that are about runs: facts, tables, curves and pictures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sslrecipes.checkpoint.files.store import position_of
from sslrecipes.commands.evaluate_knn import natural_key
from sslrecipes.config.places import value_at
from sslrecipes.reports.contents import Chart, Finding, Line, Picture, RunPart, Setting, Table
from sslrecipes.reports.judgements.data import share_of_waiting
from sslrecipes.reports.judgements.length import updates
from sslrecipes.reports.judgements.loss import Course
from sslrecipes.reports.judgements.metrics import METRICS
from sslrecipes.reports.run_log import duration
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.reports.scores import Score
from sslrecipes.visualization.curves import Curve

TRIVIAL = 'network that tells no images apart'


@dataclass(frozen=True)
class JudgedRun:
    """A run with what is said of it.

    Attributes:
        name: In tables and legends.
        run: The run.
        settings: How its recipe differs from what it builds on.
        findings: The overall answer first.
    """

    name: str
    run: RunRecord
    settings: Sequence[Setting]
    findings: Sequence[Finding]


def part_of(judged: JudgedRun, with_findings: bool) -> RunPart:
    """Everything about one run."""
    findings = judged.findings if with_findings else ()
    return RunPart(
        judged.name, str(judged.run.folder), findings, facts_of(judged.run), judged.settings, commands_of(judged.run)
    )


def facts_of(run: RunRecord) -> dict[str, str]:
    """Plain facts of a run; those that aren't known are left out."""
    values = run.config.values
    batch = value_at(values, 'train_dataloader.batch_size')
    memory = run.curve('memory')
    facts = {
        'recipe': run.config.recipe,
        'model': run.model,
        'state': run.state,
        'epochs': f'{run.epoch} of {run.epochs}' if run.epoch else '',
        'optimizer steps': str(updates(run)) if run.step else '',
        'training images': str(run.images or ''),
        'images per step and process': str(batch * run.steps_per_update) if isinstance(batch, int) else '',
        'time': duration(run.log.seconds) if run.log.seconds else '',
        'images/s': f'{median(rates.values):.0f}' if (rates := run.curve('images_per_second')) else '',
        'peak memory of the GPU': f'{max(memory.values) / 1024:.1f} GiB' if memory else '',
        'starts': str(run.log.starts) if run.log.starts > 1 else '',
        'seed': str(value_at(values, 'randomness.seed', '')),
        'warnings': ' '.join(run.log.warnings[:3]),
    }
    return {name: value for name, value in facts.items() if value}


def commands_of(run: RunRecord) -> list[str]:
    """The command line that repeats a run, by the copy of its config."""
    copy = run.config.copy
    return [shlex.join(['python', 'tools/train.py', str(copy), '--work-dir', f'{run.folder}_again'])] if copy else []


def table_of_runs(judged: Sequence[JudgedRun]) -> Table:
    """One row for each run."""
    columns = ('run', 'learning?', 'epochs', 'loss (trivial)', 'rank', 'k-NN, % (untrained)', 'img/s', 'waiting')
    rows = [_row(one) for one in judged]
    return Table('Runs', columns, rows, 'k-NN of the newest milestone ± standard error from the choice of the images.')


def _row(one: JudgedRun) -> list[str]:
    run, scores = one.run, one.run.scores
    course = Course.of(curve) if (curve := run.loss()) else None
    rank, rates, share = run.curve('collapse/rank'), run.curve('images_per_second'), share_of_waiting(run)
    loss, knn = f'{course.end:.4g}' if course else '-', '-'
    if run.trivial_loss is not None:
        loss += f' ({run.trivial_loss:.4g})'
    if scores and scores.milestones:
        knn = _accuracy(scores.milestones[-1])
        knn += f' ({scores.untrained.main.accuracy:.1f})' if scores.untrained else ''
    return [
        one.name,
        {'good': 'yes', 'bad': 'no'}.get(one.findings[0].verdict, '?'),
        f'{run.epoch}/{run.epochs}' if run.epoch else '-',
        loss,
        f'{rank.values[-1]:.1f}' if rank else '-',
        knn,
        f'{median(rates.values):.0f}' if rates else '-',
        '-' if share is None else f'{share:.0%}',
    ]


def table_of_milestones(judged: JudgedRun) -> Table | None:
    """One row for each network that was scored."""
    scores = judged.run.scores
    if not scores or not scores.milestones:
        return None
    networks = [one for one in (scores.untrained, *scores.milestones, scores.reference) if one]
    ks = list(networks[0].hits)
    rows = [
        [one.name, *(f'{one.hits[k].accuracy:.1f} ± {one.hits[k].error:.1f}' for k in ks), f'{one.rank:.1f}']
        for one in networks
    ]
    images = f'{networks[0].main.images} {scores.images}'
    note = f'k-NN within {images}, each image itself left out; ± is one standard error from the choice of the images, '
    note += 'as if they were independent of each other. One run, one seed.'
    return Table(
        f'{judged.name}: features of its milestones', ('network', *(f'k = {k}, %' for k in ks), 'rank'), rows, note
    )


def charts_of(judged: Sequence[JudgedRun]) -> list[Chart]:
    """Curves of all runs, one chart for each quantity that one of them has."""
    lines = {one.trivial_loss for one in (each.run for each in judged) if one.trivial_loss is not None}
    levels = {f'{TRIVIAL} ({line:.4g})': line for line in sorted(lines)}
    note = 'Of the method, without a joint probe.'
    charts = [
        _chart('loss', [(one.name, one.run.loss()) for one in judged], note, levels),
        _chart(
            'k-NN of the milestones, %', [(one.name, _of_milestones(one.run)) for one in judged], '', _untrained(judged)
        ),
        *(_logged(title, names, judged) for title, names in LOGGED.items()),
    ]
    return [chart for chart in charts if chart]


#: Titles of charts, and the scalars that may be in them, the first that a run has.
LOGGED: dict[str, tuple[str, ...]] = {
    'k-NN in training, %': ('online/knn_top1_k20', 'knn/top1', 'knn/top1_k20'),
    'metric of the validation': METRICS,
    'effective rank of the embeddings': ('collapse/rank',),
    'learning rate': ('base_lr', 'lr'),
    'images/s': ('images_per_second',),
}


def _logged(title: str, names: Sequence[str], judged: Sequence[JudgedRun]) -> Chart | None:
    return _chart(title, [(one.name, one.run.curve(*names)) for one in judged])


def _chart(
    title: str, curves: Sequence[tuple[str, Curve | None]], note: str = '', levels: Mapping[str, float] | None = None
) -> Chart | None:
    found = [(name, curve) for name, curve in curves if curve and len(curve.values) > 1]
    if not found:
        return None
    unit = found[0][1].unit
    lines = [Line(name, curve.steps, curve.values) for name, curve in found if curve.unit == unit]
    return Chart(title, unit, lines, levels or {}, note)


def _of_milestones(run: RunRecord) -> Curve | None:
    if not run.scores:
        return None
    curve = Curve('epoch' if run.epoch else 'iteration')
    for score in run.scores.milestones:
        epoch, iteration = position_of(run.folder / f'{score.name}.pth') or (0, 0)
        curve.log(epoch if run.epoch else iteration, score.main.accuracy)
    return curve


def _untrained(judged: Sequence[JudgedRun]) -> dict[str, float]:
    """Heights of the untrained networks, one for those alike."""
    known = [(one.name, one.run.scores.untrained) for one in judged if one.run.scores and one.run.scores.untrained]
    names: dict[float, list[str]] = {}
    for name, score in known:
        names.setdefault(score.main.accuracy, []).append(name)
    if len(names) == 1:
        return {'untrained': next(iter(names))}
    return {f'untrained: {", ".join(alike)}': height for height, alike in names.items()}


def pictures_of(judged: Sequence[JudgedRun]) -> list[Picture]:
    """Pictures that lie in the folders of the runs: the newest of each kind."""
    found = []
    for one in judged:
        drawn = sorted(one.run.folder.glob('vis/reconstruction_epoch_*.png'), key=natural_key)
        if drawn:
            caption = f'After epoch {drawn[-1].stem.rpartition("_")[2]}.'
            found.append(Picture(f'{one.name}: reconstructions', drawn[-1], caption))
        if (file := one.run.folder / 'collapse.png').is_file():
            found.append(Picture(f'{one.name}: embeddings', file, 'Below a dashed line the network has collapsed.'))
    return found


def _accuracy(score: Score) -> str:
    return f'{score.main.accuracy:.1f} ± {score.main.error:.1f}'
