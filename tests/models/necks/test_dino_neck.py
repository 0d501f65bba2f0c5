import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.necks.dino_neck import DINONeck


def build(**options):
    return DINONeck(6, hidden_channels=200, bottleneck_channels=16, out_channels=300, **options)


@pytest.mark.parametrize(('with_bn', 'linears'), [(True, ['0', '3', '6']), (False, ['0', '2', '4'])])
def test_initialisation(with_bn, linears):
    neck = build(with_bn=with_bn)
    before = neck.last_layer.weight_v.clone()
    neck.init_weights()
    for name in linears[1:]:
        assert neck.mlp.get_parameter(f'{name}.weight').std().item() == pytest.approx(0.02, rel=0.05)
    assert all(neck.mlp.get_parameter(f'{name}.bias').eq(0).all() for name in linears)
    assert neck.last_layer.weight_v.equal(before)


def test_initialisation_happens_once():
    neck = build()
    neck.init_weights()
    trained = {name: value.add_(1) if value.is_floating_point() else value for name, value in neck.state_dict().items()}
    expected = {name: value.clone() for name, value in trained.items()}
    neck.init_weights()
    torch.testing.assert_close(neck.state_dict(), expected, rtol=0, atol=0)


@pytest.mark.parametrize('norm_last_layer', [True, False])
def test_gain_of_the_last_layer(norm_last_layer):
    assert build(norm_last_layer=norm_last_layer).last_layer.weight_g.requires_grad != norm_last_layer


def test_outputs_are_cosines_to_what_it_shows():
    neck, shown = build(), {}
    neck.observer = shown.__setitem__
    outputs = neck(torch.randn(4, 6))
    torch.testing.assert_close(shown['embedding'].norm(dim=1), torch.ones(4))
    expected = F.cosine_similarity(shown['embedding'][:, None], neck.last_layer.weight_v, dim=2)
    torch.testing.assert_close(outputs, expected)
