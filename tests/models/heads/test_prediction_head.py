import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads import PredictionHead

PREDICTOR = dict(in_channels=3, hidden_channels=4, out_channels=3)


@pytest.mark.parametrize(('distance', 'best', 'worst'), [('squared', 0.0, 8.0), ('cosine', -1.0, 1.0)])
def test_the_range_of_the_loss(distance, best, worst):
    head = PredictionHead(PREDICTOR, distance)
    head.predictor = torch.nn.Identity()
    rows = torch.randn(4, 3)
    for sign, expected in ((1, best), (-1, worst)):
        assert head.loss([rows, rows], [sign * rows] * 2).item() == pytest.approx(expected, abs=1e-5)


def test_what_is_predicted_gets_no_gradient():
    head, rows, targets = PredictionHead(PREDICTOR, 'cosine'), torch.randn(4, 3), torch.randn(4, 3, requires_grad=True)
    head.loss([rows, rows], [targets, targets]).backward()
    assert targets.grad is None


def test_predictions_are_shown():
    head, seen = PredictionHead(PREDICTOR, 'squared'), {}
    head.observer = seen.__setitem__
    head.loss([torch.randn(4, 3)] * 2, [torch.randn(4, 3)] * 2)
    assert seen['embedding'].shape == (8, 3)


def test_unknown_distances_are_refused():
    with pytest.raises(ConfigError, match=r"distance is 'l1', but must be 'squared' or 'cosine'"):
        PredictionHead(PREDICTOR, 'l1')
