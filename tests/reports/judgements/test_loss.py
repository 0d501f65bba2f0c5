from dataclasses import replace
from pathlib import Path

import pytest

from sslrecipes.reports.judgements.loss import loss
from sslrecipes.reports.run_config import RunConfig
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.visualization.curves import Curve


def run(values, line, **others):
    curves = {'loss': values, **others}
    scalars = {
        name: Curve('iteration', list(range(10, 10 * len(column) + 1, 10)), column) for name, column in curves.items()
    }
    return RunRecord(Path('run'), RunConfig({}), scalars, step=10 * len(values), trivial_loss=line)


FALLING = [1.2 - 0.02 * step for step in range(30)]


@pytest.mark.parametrize(
    ('values', 'line', 'sign', 'verdict'),
    [
        (FALLING, 1.0, 'trains', 'good'),
        (FALLING, None, 'none', 'fact'),
        (FALLING[::-1], None, 'fails', 'bad'),
        ([1.1 - 0.002 * step for step in range(30)], 1.0, 'fails', 'bad'),
        ([1.1] * 5, 1.0, 'none', 'unclear'),
        ([9.0] * 3, 1.0, 'fails', 'bad'),
        ([0.5] * 30, 1.0, 'none', 'unclear'),
        ([1.0, 1.3, 0.7] * 10, 1.0, 'fails', 'bad'),
        ([float('nan')], 1.0, 'none', 'unclear'),
        ([5.0 + 0.05 * step for step in range(30)], 8.3, 'none', 'unclear'),
    ],
    ids=[
        'falls',
        'no line',
        'rises',
        'stays',
        'too short',
        'explodes',
        'always below',
        'noise',
        'nothing',
        'a queue fills',
    ],
)
def test_a_loss_must_fall_and_leave_its_line(values, line, sign, verdict):
    judgement = loss(run(values, line))
    assert (judgement.sign, judgement.finding.verdict) == (sign, verdict), judgement.finding.answer


def test_the_entropy_of_the_targets_is_told_and_a_joint_probe_left_out():
    record = run(
        [4.0 + value for value in FALLING], 3.0, loss_dino=FALLING, loss_probe=[4.0] * 30, target_entropy=[0.2] * 30
    )
    assert record.loss().values == pytest.approx(FALLING)
    answer = loss(replace(record, trivial_loss=1.0)).finding.answer
    assert 'from 1.2 to 0.64' in answer
    assert 'can not fall, is 0.2: 45% of the way' in answer
