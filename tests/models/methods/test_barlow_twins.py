"""Barlow Twins against plain torch."""

import copy

import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.losses.cross_correlation import cross_correlation_loss
from sslrecipes.registry import MODELS

BATCH, WIDTH = 6, 5
NECK = dict(
    type='MLPNeck',
    in_channels=6,
    hidden_channels=8,
    out_channels=WIDTH,
    num_layers=3,
    with_bn=True,
    bias=False,
    last_bias=False,
)


@pytest.fixture
def model(tiny_backbone):
    torch.manual_seed(0)
    cfg = dict(type='BarlowTwins', backbone=tiny_backbone, neck=NECK, head=dict(type='CrossCorrelationHead'))
    built = MODELS.build(copy.deepcopy(cfg)).train()
    built.init_weights()
    return built


def views(count=2):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(BATCH, 3, 8, 8, generator=generator) for _ in range(count)]


def test_loss_and_gradients_are_those_of_the_paper(model):
    plain = copy.deepcopy(model)
    norm = torch.nn.BatchNorm1d(WIDTH, affine=False)
    one, other = (norm(plain.neck(plain.backbone(view)[-1].mean(dim=(2, 3)))) for view in views())
    correlation = torch.einsum('ni,nj->ij', one, other) / BATCH
    expected = 0.0
    for i in range(WIDTH):
        for j in range(WIDTH):
            term = correlation[i, j]
            expected += (term - 1) ** 2 if i == j else 0.0051 * term**2
    loss = model(views(), mode='loss')['loss_barlow_twins']
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    for (name, parameter), reference in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, reference.grad, msg=lambda text, name=name: f'{name}: {text}')
    assert not any(name.endswith('mlp.6.bias') for name in model.state_dict())
    assert int(model.backbone.norm.num_batches_tracked) == 2, 'each view is a batch of its own'


def test_the_joint_probe_sees_the_first_view(model):
    heard = []
    model.probe_loss = lambda features, _: heard.append(features) or {}
    plain = copy.deepcopy(model)
    model(views(), mode='loss')
    torch.testing.assert_close(heard, [plain.extract_feat(views()[0])])


def test_a_network_that_tells_no_images_apart_has_the_trivial_loss(model):
    rows = torch.ones(4, WIDTH)
    assert float(cross_correlation_loss(rows, rows, 0.5)) == model.trivial_loss == WIDTH


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_full(dtype):
    one, other = torch.randn(8, 4, dtype=dtype), torch.randn(8, 4, dtype=dtype)
    with torch.autocast('cpu', torch.bfloat16):
        loss = cross_correlation_loss(one, other, 0.1)
    torch.testing.assert_close(loss, cross_correlation_loss(one.float(), other.float(), 0.1))


def test_what_has_no_correlations_is_refused(model):
    with pytest.raises(ConfigError, match='BarlowTwins compares 2 views of an image, the data gives 3'):
        model(views(3), mode='loss')
    with pytest.raises(ConfigError, match='correlates channels over a batch, and there are batches of one image'):
        model.check_data({4, 1}, None)
    with pytest.raises(ConfigError, match=r'CrossCorrelationHead\.off_weight is -1, but must be a number'):
        MODELS.build(dict(type='CrossCorrelationHead', off_weight=-1))
