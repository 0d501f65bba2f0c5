import numpy as np
import pytest
import torch

from sslrecipes.errors import DataError
from sslrecipes.evaluation import average_precision
from sslrecipes.evaluation.average_precision import InterpolatedAveragePrecision, interpolated_average_precision


def by_hand(scores, targets):
    """Add the areas of the steps: one per positive, as high as the best precision from there on."""
    kept = [(score, target) for score, target in zip(scores, targets, strict=True) if target >= 0]
    ranked = [target for _, target in sorted(kept, key=lambda pair: -pair[0])]
    precisions = [sum(ranked[:end]) / end for end in range(1, len(ranked) + 1)]
    steps = [max(precisions[index:]) for index, target in enumerate(ranked) if target == 1]
    return sum(steps) / len(steps)


@pytest.fixture
def outcome():
    """Scores and targets of 30 samples for 6 classes, a tenth of them left out."""
    rng = np.random.default_rng(3)
    return torch.tensor(rng.random((30, 6))), torch.tensor(rng.choice([1, 0, -1], (30, 6), p=[0.3, 0.6, 0.1]))


def test_area_of_each_class(outcome):
    scores, targets = outcome
    expected = [100 * by_hand(*columns) for columns in zip(scores.T.tolist(), targets.T.tolist(), strict=True)]
    assert InterpolatedAveragePrecision.calculate(scores, targets, None).tolist() == pytest.approx(expected)
    assert InterpolatedAveragePrecision.calculate(scores, targets).item() == pytest.approx(np.mean(expected))


def test_precision_may_rise_later():
    """Positives at the ranks 2 and 3: precisions 1/2 and 2/3, of which the later one counts for both."""
    assert interpolated_average_precision(torch.tensor([3.0, 2.0, 1.0]), torch.tensor([0, 1, 1])) == pytest.approx(
        2 / 3
    )


def test_what_is_left_out_changes_nothing(outcome):
    scores, targets = (values.flatten() for values in outcome)
    kept = targets >= 0
    assert not kept.all()
    assert interpolated_average_precision(scores, targets) == interpolated_average_precision(
        scores[kept], targets[kept]
    )


def test_a_class_without_positives_is_left_out_of_the_mean_and_told(outcome, monkeypatch):
    lines = []
    monkeypatch.setattr(average_precision, 'print_log', lambda text, *_: lines.append(text))
    scores, targets = outcome
    whole = InterpolatedAveragePrecision.calculate(scores, targets, None)
    targets[:, 2] = targets[:, 2].clamp(max=0)
    assert InterpolatedAveragePrecision.calculate(scores, targets, None)[2].isnan()
    assert lines == []
    mean = InterpolatedAveragePrecision.calculate(scores, targets)
    assert mean.item() == pytest.approx(whole[[0, 1, 3, 4, 5]].mean().item())
    assert lines == ['1 class without positive samples left out of the mean average precision']


@pytest.mark.parametrize(
    ('scores', 'targets', 'message'),
    [
        (torch.rand(4, 3), torch.ones(4, 2), r'one shape, .* \(4, 3\) and \(4, 2\)'),
        (torch.rand(4), torch.ones(4), 'one shape'),
        (torch.rand(2, 2), torch.tensor([[1, 0], [0.5, 1]]), r'1, 0, or -1 .* one is 0\.5'),
        (torch.full((2, 2), torch.nan), torch.ones(2, 2), 'not a number'),
        (torch.rand(2, 2), -torch.ones(2, 2), 'No class has a positive sample'),
    ],
)
def test_what_can_not_be_measured(scores, targets, message):
    with pytest.raises(DataError, match=message):
        InterpolatedAveragePrecision.calculate(scores, targets)
