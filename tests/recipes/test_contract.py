"""What every recipe promises, be it a file under configs/ or a row of a metafile."""

import math
from functools import cache
from pathlib import Path

import pytest

from sslrecipes.commands import dry_run
from sslrecipes.commands.config_check import check_components
from sslrecipes.engine.nonfinite.recorded_model import plain_model
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.zoo.naming import parse_name

NO_CARD_NEEDED = 'quickstart'


def test_every_type_is_registered_and_every_keyword_exists(cfg):
    check_components(cfg)


def test_a_recorded_step_can_be_replayed_without_the_recipe(cfg):
    plain_model(cfg.get('model', {}))


def test_file_name_agrees_with_config(recipe, cfg):
    name = parse_name(recipe)
    if name is None:
        assert cfg.get('train_cfg') is None, 'a recipe that trains says how in its name'
        return
    assert name.disagreements(cfg) == []


def test_card_agrees_with_config(recipe, cfg, cards, configs):
    if recipe not in cards:
        assert NO_CARD_NEEDED in Path(configs[recipe]).parts, 'it needs a row in metafile.yml'
        return
    assert cards[recipe].disagreements(cfg) == []


def test_recipe_runs_at_tiny_size(cfg, tiny, step_of):
    if cfg.get('train_cfg') is None:
        small = tiny.shrink(cfg)
        assert tiny.features(small).isfinite().all()
        return
    log, unchanged = step_of(cfg)
    assert math.isfinite(log['loss'])
    assert unchanged == []


def test_dry_run_tells_costs(method, methods, tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(dry_run, 'relative_cost', lambda cfg: None)  # which takes two more counts
    dry_run.print_report(SSLRunner.from_cfg(tiny.short_run(methods[method], str(tmp_path))))
    assert 'FLOPs per image' in capsys.readouterr().out


@pytest.fixture(scope='session')
def step_of(tiny):
    """Function that takes the tiny step of a config; recipes that are equal at tiny size share it."""

    @cache
    def step(text):
        return tiny.train_step(shrunk[text])

    shrunk = {}

    def step_of_config(cfg):
        small = tiny.shrink(cfg)
        parts = (
            small.model,
            small.optim_wrapper,
            small.train_dataloader.dataset.pipeline,
            small.get('data_preprocessor'),
        )
        shrunk.setdefault(repr(parts), small)
        return step(repr(parts))

    return step_of_config
