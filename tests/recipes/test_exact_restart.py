"""Every method that a recipe trains survives ``kill -9`` at any moment without a trace.

``tests/long/kill_training.py`` does the same more often.
"""

import pytest

KILLS = 4  # for each number of workers: eight per method


@pytest.mark.parametrize('workers', [0, 2])
def test_killed_and_resumed_run_equals_the_run_left_alone(method, workers, methods, tiny, restarting, tmp_path):
    cfg = tiny.short_run(methods[method], str(tmp_path), workers)
    outcome = restarting.kill_and_resume(cfg, KILLS, seed=workers)
    assert outcome.difference == 0.0, outcome.positions
