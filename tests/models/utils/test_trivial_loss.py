import math

import pytest
import torch

from sslrecipes.models.utils.trivial_loss import trivial_loss
from sslrecipes.registry import MODELS


@pytest.mark.parametrize(
    ('loss', 'known'),
    [
        (dict(type='CrossEntropyLoss', loss_weight=2.0), 2 * math.log(10)),
        (dict(type='LabelSmoothLoss', label_smooth_val=0.1, mode='original'), math.log(10)),
        (dict(type='CrossEntropyLoss', use_sigmoid=True), None),
    ],
    ids=lambda value: value['type'] if isinstance(value, dict) else '',
)
def test_a_classifier_that_finds_all_classes_alike_has_the_trivial_loss(loss, known):
    head = dict(type='LinearClsHead', num_classes=10, in_channels=4, loss=loss)
    model = MODELS.build(dict(type='ImageClassifier', backbone=dict(type='ResNet', depth=18), head=head))
    assert trivial_loss(model) == (known and pytest.approx(known))
    if known:
        uniform = model.head.loss_module(torch.zeros(6, 10), torch.arange(6))
        assert uniform.item() == pytest.approx(known, abs=1e-5)
