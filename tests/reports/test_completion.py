import math
from pathlib import Path

import pytest

from sslrecipes.config.loading import load_config
from sslrecipes.reports.completion import trivial_loss_of
from sslrecipes.reports.run_config import RunConfig
from sslrecipes.reports.run_record import RunRecord
from sslrecipes.visualization.curves import Curve

QUICKSTART = Path(__file__).parents[2] / 'configs' / 'quickstart'


def run_of(recipe, batch):
    """Run that says its speed: ``batch`` images in each step of 2 s."""
    (file,) = QUICKSTART.glob(f'{recipe}_*_fashion-mnist-32px.py')
    scalars = {name: Curve('', [10], [value]) for name, value in (('time', 2.0), ('images_per_second', batch / 2))}
    return RunRecord(Path('run'), RunConfig(dict(load_config(file))), scalars, step=10)


@pytest.mark.parametrize(
    ('recipe', 'line'),
    [
        ('w2ssl_resnet-nano-d', 2 * 0.3 / 0.07 * math.log(4 * 128 - 1) + math.log(2)),
        ('mocov3_resnet-nano-d', 4 * 0.2 * math.log(128)),
    ],
)
def test_the_line_of_a_loss_that_depends_on_the_batch_is_known_of_one_process(recipe, line):
    assert trivial_loss_of(run_of(recipe, 128)) == pytest.approx(line)
    assert trivial_loss_of(run_of(recipe, 256)) is None  # two processes: whose images they compare isn't told
