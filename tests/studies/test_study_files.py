"""What every study promises that is a file of the repository."""

import re
from functools import cache
from pathlib import Path

import pytest

from sslrecipes.config.places import value_at, walk
from sslrecipes.config.reading import merge
from sslrecipes.studies.jobs import ARGUMENT, Job, jobs_of
from sslrecipes.studies.published import card_of
from sslrecipes.studies.reading import PUBLISHED, read_study
from sslrecipes.studies.recipes import cards
from sslrecipes.studies.report import note_of
from sslrecipes.studies.results import Results
from sslrecipes.studies.states import NEW, State

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / 'configs/studies').glob('*.py')), *sorted(ROOT.glob('projects/*/study.py'))]
PAPERS = {'TEC': 'tec', 'MAE-priv': 'mae_priv', 'SSLight': 'sslight'}


@pytest.fixture(scope='module', autouse=True)
def quick():
    """Recipes are merged, and not checked again: tests/recipes does that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('sslrecipes.studies.jobs.load_config', lambda *given: merge(*given)[0])
        yield


@cache
def planned(file):
    study = read_study(file)
    return study, jobs_of(study, Path('home'))


@pytest.mark.parametrize('file', FILES, ids=lambda file: file.parent.name + '/' + file.stem)
def test_every_stage_resolves_and_starts_from_what_the_study_made(file):
    _, jobs = planned(file)
    assert jobs
    for job in jobs:
        for place, source in job.weights.items():
            assert not isinstance(source, Job) or source.trains
            file = source.checkpoint if isinstance(source, Job) else source
            assert place == ARGUMENT or value_at(job.cfg, place) == (file and str(file))
        elsewhere = [value for key in ('model', 'transfer', 'load_from') for _, value in walk(job.cfg.get(key))]
        assert not [value for value in elsewhere if isinstance(value, str) and value.startswith('work_dirs/')], job.name


@pytest.mark.parametrize('collection', PAPERS)
def test_every_published_row_is_in_a_study_and_no_figure_is_typed_twice(collection):
    file = ROOT / f'configs/studies/{PAPERS[collection]}_imagenet.py'
    study, jobs = planned(file)
    assert not re.findall(r'\b\d\d\.\d', file.read_text())
    reported = {
        card.name: card.reported for card in cards().values() if card.collection == collection and card.reported
    }
    shown = {card.name: card for job in jobs if (card := card_of(job))}
    assert reported.keys() <= shown.keys()
    rows = Results(study, jobs, {job.name: State(NEW) for job in jobs}, {}).rows()
    cells = [row.cells[heading] for row in rows for heading in row.cells if PUBLISHED in study.table.columns[heading]]
    assert 'not measured here' in note_of(study)
    known = [(cell.mean, cell.source) for cell in cells if cell.known]
    mine = [
        (card.reported.value, card.reported.source)
        for job in jobs
        if job.part in study.evaluations and (card := card_of(job)) and card.reported
    ]
    assert sorted(known) == sorted(mine)
    assert len(mine) >= {'TEC': 6, 'MAE-priv': 24, 'SSLight': 36}[collection]


def test_overrides_that_change_a_recipe_make_it_no_published_row():
    study, _ = planned(ROOT / 'configs/studies/tec_imagenet.py')
    shorter, *_ = jobs_of(study, Path('home'), {'mae300': {'train_cfg.max_epochs': '100'}})
    elsewhere, *_ = jobs_of(study, Path('home'), {'mae300': {'train_dataloader.num_workers': '2'}})
    assert card_of(shorter) is None
    assert card_of(elsewhere).reported.value
