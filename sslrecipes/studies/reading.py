"""Read a study from its config, and refuse what can't be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from sslrecipes.config.provenance import words_about
from sslrecipes.config.reading import read_config
from sslrecipes.config.rules import bad_value, refuse
from sslrecipes.config.rules.checks import Check, boolean, either, every, number, options, text, whole
from sslrecipes.errors import ConfigError, did_you_mean, explain_places_with
from sslrecipes.studies.placeholders import names_in
from sslrecipes.studies.recipes import is_pattern
from sslrecipes.studies.study import (
    SEED,
    TOOL_NAMES,
    UNTRAINED,
    Claim,
    Evaluation,
    Product,
    Stage,
    Study,
    TablePlan,
    picked,
)

_TEXTS: Check = either(text, every(text))
_TOP: dict[str, Check] = {
    **dict.fromkeys(('title', 'work_dir'), text),
    **dict.fromkeys(('claim', 'factors', 'stages', 'evaluations', 'table', 'pictures', 'exports'), options),
}
_CLAIM = {'text': text, 'source': text, 'pairs': every(every(text)), 'by': _TEXTS}
_STAGE = {'recipe': text, 'options': options, 'after': text, 'checkpoint': text, 'title': text}
_EVALUATION = {'recipe': text, 'options': options, 'of': _TEXTS, 'untrained': boolean}
_PRODUCT = {'tool': text, 'of': _TEXTS, 'arguments': options, 'caption': text}
_TABLE = {'rows': _TEXTS, 'columns': either(_TEXTS, options), 'spread': _TEXTS, 'factor': options}
#: Columns that count the stages before one, too, and all that no evaluation measures.
TOTALS = ('total seconds', 'total tflops')
COSTS = ('gflops', 'seconds', 'images/s', 'epochs', *TOTALS)
PUBLISHED = 'published'


def measures(metric: str) -> bool:
    """Whether a column shows what was measured of a network, not a cost and not what others published."""
    return metric not in COSTS and metric.rpartition('.')[2] != PUBLISHED


def read_study(path: str | Path, seeds: int | None = None) -> Study:
    """Read the config of a study.

    Args:
        path: Config file.
        seeds: Number of seeds instead of the study's, from 0.

    Raises:
        ConfigError: If the config can't be read, or says something that can't be meant, with the place.
    """
    cfg = read_config(path)
    explain_places_with(lambda places: words_about(places, path))
    said = {key: value for key, value in cfg.to_dict().items() if not key.startswith('_')}
    _check(said, _TOP, '', ('title', 'stages'))
    factors = _factors(said.get('factors', {}), seeds)
    stages = {name: _stage(name, value) for name, value in said['stages'].items()}
    evaluations = {name: _evaluation(name, value, stages) for name, value in said.get('evaluations', {}).items()}
    products = {
        kind: {name: _product(kind, name, value) for name, value in said.get(kind, {}).items()}
        for kind in ('pictures', 'exports')
    }
    name = Path(path).stem
    study = Study(
        name=name,
        file=str(path),
        title=said['title'],
        claim=_claim(said.get('claim', {})),
        factors=factors,
        stages=stages,
        evaluations=evaluations,
        table=_table(said.get('table', {}), factors),
        **products,
        work_dir=said.get('work_dir', f'work_dirs/{name}'),
    )
    _check_names(study)
    return study


def _factors(said: Mapping[str, Any], seeds: int | None) -> dict[str, Sequence[Any]]:
    for name, values in said.items():
        place = f'factors.{name}'
        refuse(None if isinstance(values, (list, tuple)) and values else f'{place} must be a list of values.', place)
        alike = [pair for pair in combinations(values, 2) if pair[0] == pair[1]]
        refuse(f'{place} has {alike[0][0]!r} and {alike[0][1]!r}, which are the same.' if alike else None, place)
        for seed in values if name == SEED else ():
            refuse(bad_value(f'{place}: a seed', seed, whole(0)), place)
    return dict(said) if seeds is None else {**said, SEED: list(range(seeds))}


def _stage(name: str, said: Any) -> Stage:
    place = f'stages.{name}'
    _check(said, _STAGE, place)
    if bool(said.get('recipe')) == bool(said.get('checkpoint')):
        raise ConfigError(f'{place} needs a recipe, or a checkpoint that is there already.', place)
    if said.get('checkpoint') and (said.get('options') or said.get('after')):
        raise ConfigError(f'{place} is a checkpoint: options and after mean nothing there.', place)
    return Stage(name, **said)


def _evaluation(name: str, said: Any, stages: Mapping[str, Stage]) -> Evaluation:
    place = f'evaluations.{name}'
    _check(said, _EVALUATION, place, ('recipe',))
    untrained = said.get('untrained', not is_pattern(said['recipe']))
    if untrained and is_pattern(said['recipe']):
        raise ConfigError(
            f'{place}.untrained: "{said["recipe"]}" is another recipe for each stage, so that there is no one '
            'untrained network; make it an evaluation with a recipe of its own.',
            f'{place}.untrained',
        )
    return Evaluation(name, **{**said, 'of': _several(said.get('of', list(stages))), 'untrained': untrained})


def _product(kind: str, name: str, said: Any) -> Product:
    place = f'{kind}.{name}'
    _check(said, _PRODUCT, place, ('tool', 'of'))
    if said['tool'] not in TOOL_NAMES:
        near = did_you_mean(said['tool'], TOOL_NAMES)
        raise ConfigError(f'{place}.tool: there is no "{said["tool"]}".{near}', f'{place}.tool')
    file, samples = said.get('arguments', {}).get('file', ''), said.get('arguments', {}).get('samples', {})
    if not isinstance(file, str) or Path(file).is_absolute() or '..' in Path(file).parts:
        raise ConfigError(f"{place}.arguments.file must be a path below the study's folder, not {file!r}.", place)
    refuse(bad_value(f'{place}.arguments.samples', samples, options), place)
    return Product(name, **{**said, 'of': _several(said['of'])})


def _claim(said: Mapping[str, Any]) -> Claim:
    _check(said, _CLAIM, 'claim')
    pairs = [tuple(pair) for pair in said.get('pairs', ())]
    if any(len({*pair}) != 2 or not all(map(str.strip, pair)) for pair in pairs):
        raise ConfigError('claim.pairs must be pairs of stages: the first should be better than the second.', 'claim')
    return Claim(**{**said, 'pairs': pairs, 'by': _several(said.get('by', ()))})


def _table(said: Mapping[str, Any], factors: Mapping[str, Any]) -> TablePlan:
    _check(said, _TABLE, 'table')
    columns = said.get('columns', {})
    named = columns if isinstance(columns, Mapping) else {column: column for column in _several(columns)}
    spread = _several(said.get('spread', [SEED] if SEED in factors else []))
    rows = said.get('rows', ['stage', *(name for name in factors if name not in spread)])
    _check_values(named, text, 'table.columns')
    _check_values(said.get('factor', {}), number(0), 'table.factor')
    for name, values in factors.items():
        if len(values) > 1 and name not in (*_several(rows), *spread):
            told = f'table.rows must name {name}: rows of its values could not be told apart.'
            raise ConfigError(told, 'table.rows')
    return TablePlan(_several(rows), dict(named), spread, said.get('factor', {}))


def _check(said: Any, known: Mapping[str, Check], place: str, needed: Sequence[str] = ()) -> None:
    prefix = f'{place}.' if place else ''
    refuse(bad_value(place or 'the study', said, options), place)
    for key, value in said.items():
        if key not in known:
            owner = place or 'A study'
            raise ConfigError(f'{owner} has no "{key}".{did_you_mean(key, known)}', f'{prefix}{key}')
        refuse(bad_value(f'{prefix}{key}', value, known[key]), f'{prefix}{key}')
    for key in needed:
        if not said.get(key):
            raise ConfigError(f'{place or "A study"} needs {key}.', place)


def _check_values(said: Mapping[str, Any], check: Check, place: str) -> None:
    for name, value in said.items():
        refuse(bad_value(f'{place}[{name!r}]', value, check), place)


def _check_names(study: Study) -> None:
    """Refuse names that stand for nothing, and names that stand for two things."""
    taken: dict[str, str] = dict.fromkeys(('stage', 'checkpoint', UNTRAINED), 'a word of its own')
    kinds = {'factors': study.factors, 'stages': study.stages, 'evaluations': study.evaluations}
    for kind, names in {**kinds, 'pictures': study.pictures, 'exports': study.exports}.items():
        for name in names:
            if name in taken or not name.isidentifier():
                why = f'is {taken[name]} already' if name in taken else 'is no name such as "base"'
                raise ConfigError(f'{kind}.{name}: "{name}" {why}.', f'{kind}.{name}')
            taken[name] = f'one of the {kind}'
    parts: list[Stage | Evaluation] = [*study.stages.values(), *study.evaluations.values()]
    used = {SEED, *(name for part in parts for name in (*names_in(part.recipe), *names_in(part.options)))}
    for name in study.factors:
        if name not in used:
            raise ConfigError(f'factors.{name}: no recipe and no option names "{{{name}}}".', f'factors.{name}')
    trained = [*study.stages, *study.evaluations]
    for stage in study.stages.values():
        _known(stage.after and [stage.after], list(study.stages), f'stages.{stage.name}.after')
    for evaluation in study.evaluations.values():
        _known(evaluation.of, list(study.stages), f'evaluations.{evaluation.name}.of')
    for kind, products in (('pictures', study.pictures), ('exports', study.exports)):
        for product in products.values():
            _known(product.of, trained, f'{kind}.{product.name}.of')
    _check_pairs(study)
    _known(study.claim.by, list(study.table.columns), 'claim.by')
    _known(study.table.rows, ['stage', *study.factors], 'table.rows')
    _known(study.table.spread, list(study.factors), 'table.spread')
    _known(study.table.factor, list(study.table.columns), 'table.factor')


def _check_pairs(study: Study) -> None:
    for name, values in (picked(words) for pair in study.claim.pairs for words in pair):
        _known([name], [*study.stages, UNTRAINED], 'claim.pairs')
        for factor, value in values.items():
            _known([factor], list(study.factors), 'claim.pairs')
            _known([value], list(map(str, study.factors[factor])), 'claim.pairs')


def _known(names: Any, known: Sequence[str], place: str) -> None:
    for name in names or ():
        if name not in known:
            raise ConfigError(f'{place} names "{name}", which there is not.{did_you_mean(name, known)}', place)


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
