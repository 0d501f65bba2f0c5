"""The first step of the published recipe, as its published log begins; ``tests/long`` has it at the published batch."""

import importlib.util
from pathlib import Path

import pytest

IMAGES = 16


@pytest.fixture(scope='module')
def corridor():
    """Module ``tests/long/w2ssl_corridor.py``."""
    path = Path(__file__).parents[1] / 'long/w2ssl_corridor.py'
    spec = importlib.util.spec_from_file_location('w2ssl_corridor', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_losses_of_the_first_step_are_in_the_corridor(corridor):
    """ResNet-50 on 16 photographs, float32: 36.8 to 37.8 by seed, 37.1 to 37.6 with the official code."""
    losses = corridor.first_losses(IMAGES)
    assert corridor.is_inside(losses, IMAGES), losses


def test_the_first_learning_rate_and_the_steps_of_an_epoch(corridor, resolve):
    cfg = resolve(corridor.RECIPE.stem)
    assert corridor.first_learning_rate(cfg) == {0.0}
    assert corridor.steps_per_epoch(cfg) == 2502


def test_a_loss_of_another_scale_is_outside(corridor):
    """Such as one direction only, a temperature of 0.07, or a weight of 0.25."""
    for loss in (37.3 / 2, 37.3 * 0.07 / 0.3, 37.3 / 4, 2 * 37.3):
        assert not corridor.is_inside({'loss_what': loss, 'loss_where': 0.7}, IMAGES)
    assert corridor.is_inside({'loss_what': 37.3, 'loss_where': 0.7}, IMAGES)
