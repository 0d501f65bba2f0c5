"""Runs that were recorded, each spoilt in one way; tests/long/verdicts.py makes them."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sslrecipes.reports import run_config
from sslrecipes.reports.completion import completed
from sslrecipes.reports.report import judged_run
from sslrecipes.reports.run_record import read_run
from sslrecipes.reports.scores import CACHE, UNTRAINED, Scores, read_cache

RUNS = Path(__file__).parents[1] / 'data' / 'runs'


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Function that copies a recorded run; its recipe is at hand."""
    monkeypatch.setattr(run_config, 'RECIPES', tmp_path / 'recipes')

    def copy(name):
        folder = Path(shutil.copytree(RUNS / name, tmp_path / name))
        for copied in folder.glob('*.py'):
            text = copied.read_text()
            shutil.copy(copied, next(folder.glob('*/vis_data')) / 'config.py')
            recipe = tmp_path / 'recipes' / 'quickstart' / copied.name
            recipe.parent.mkdir(parents=True, exist_ok=True)
            recipe.write_text(text.replace('lr=1.5e-06', 'lr=0.0015').replace('lr=0.15', 'lr=0.0015'))
        return folder

    return copy


@pytest.fixture
def judge_recorded(recorded):
    """Function that judges a recorded run by the scores that its milestones once had."""

    def judge(name):
        run = completed(read_run(recorded(name)), Path(), evaluate=False)
        file = run.folder / CACHE
        if file.exists():
            scores = list(read_cache(file, json.loads(file.read_text())['data']).values())
            milestones = [score for score in scores if score.name != UNTRAINED]
            untrained = next(score for score in scores if score.name == UNTRAINED)
            run = replace(run, scores=Scores('images', milestones, untrained), no_scores='')
        return judged_run(name, run)

    return judge
