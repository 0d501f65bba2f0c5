import pytest
import torch
from mmpretrain.structures import DataSample
from torch import nn

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH = 4
START = Progress(0, steps_per_epoch=2, epochs=3)


def build(backbone=None, head=None, **options):
    cfg = dict(
        type='SwAV',
        backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8, **(backbone or {})),
        neck=dict(type='SwAVNeck', in_channels=64, hidden_channels=32, out_channels=8, num_prototypes=6),
        head={**dict(type='SwAVHead', loss_weights=(0.4, 0.6), feat_channels=8, queue_length=0), **(head or {})},
        probe=dict(in_channels=64, num_classes=3),
    )
    return MODELS.build(cfg | options)


def views(count=3):
    return [torch.randn(BATCH, 3, 32 if view < 2 else 24, 32 if view < 2 else 24) for view in range(count)]


def samples():
    return [DataSample().set_gt_label(number % 3) for number in range(BATCH)]


@pytest.fixture
def initialised():
    model = build()
    nn.init.constant_(model.backbone.bn1.weight, 3.0)
    model.init_weights()
    return model


def test_all_linear_layers_start_alike(initialised):
    linears = [layer for layer in initialised.modules() if isinstance(layer, nn.Linear)]
    assert len(linears) == 4
    for layer in linears:
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.25)
        assert layer.bias is None or not layer.bias.any()


def test_convolutions_and_norms_start_as_officially(initialised):
    conv = initialised.backbone.layer4[1].conv2
    assert conv.weight.std().item() == pytest.approx((2 / (9 * 64)) ** 0.5, rel=0.05)
    for layer in initialised.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            assert (layer.weight == 1).all()
            assert not layer.bias.any()


def test_loaded_weights_are_kept(initialised, tmp_path):
    weights = {f'backbone.{name}': torch.full_like(w, 0.5) for name, w in initialised.backbone.state_dict().items()}
    torch.save({'state_dict': weights}, tmp_path / 'weights.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'weights.pth'), prefix='backbone.')
    model = build(dict(init_cfg=init_cfg))
    model.init_weights()
    assert (model.backbone.conv1.weight == 0.5).all()
    assert model.neck.mlp[0].weight.std().item() == pytest.approx(0.01, rel=0.25)
    before = model.neck.mlp[0].weight.clone()
    model.init_weights()
    assert torch.equal(model.neck.mlp[0].weight, before)


def test_a_step_begins_with_normalised_prototypes():
    model = build()
    nn.init.normal_(model.neck.prototypes.weight, std=2)
    model.begin_step(START)
    torch.testing.assert_close(model.neck.prototypes.weight.norm(dim=1), torch.ones(6))


def test_prototypes_are_withheld_in_the_first_epochs():
    model = build(freeze_prototypes_epochs=2)
    withheld = []
    for epoch in range(3):
        model.begin_step(Progress(2 * epoch, steps_per_epoch=2, epochs=3))
        withheld.append(list(model.withheld_parameters()))
    assert withheld[0][0] is model.neck.prototypes.weight
    assert [len(parameters) for parameters in withheld] == [1, 1, 0]


def test_every_parameter_gets_a_gradient_and_the_probe_gives_none_back():
    model = build().train()
    model.begin_step(START)
    losses = model(views(), samples(), mode='loss')
    assert set(losses) == {'loss_swav', 'loss_probe', 'probe_top1'}
    total, logged = model.parse_losses(losses)
    assert 0 < logged['target_entropy'] <= losses['loss_swav']
    assert total == losses['loss_swav'] + losses['loss_probe']
    losses['loss_probe'].backward(retain_graph=True)
    assert all(parameter.grad is None for parameter in (*model.backbone.parameters(), *model.neck.parameters()))
    losses['loss_swav'].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_probe_sees_the_first_view(monkeypatch):
    model, images = build().eval(), views()
    model.begin_step(START)
    seen = []
    monkeypatch.setattr(model, 'probe_loss', lambda features, _: seen.append(features) or {})
    model(images, mode='loss')
    torch.testing.assert_close(seen[0], model.extract_feat(images[0]))


def test_the_run_must_say_where_it_is():
    with pytest.raises(ConfigError, match=r'SwAV must be told where training is: keep default_hooks\.step'):
        build()(views(), mode='loss')


@pytest.mark.parametrize(('count', 'message'), [(1, 'needs 2 global views .* gives 1'), (2, '0 local views need 1')])
def test_views_that_do_not_fit(count, message):
    model = build()
    model.begin_step(START)
    with pytest.raises(ConfigError, match=message):
        model(views(count), mode='loss')


def test_neck_and_head_must_fit():
    with pytest.raises(ConfigError, match=r'neck\.out_channels is 8 but model\.head\.feat_channels is 16'):
        build(head=dict(feat_channels=16))
