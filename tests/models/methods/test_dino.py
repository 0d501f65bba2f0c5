import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

VIT = dict(type='VisionTransformer', arch=dict(embed_dims=6, num_layers=2, num_heads=2, feedforward_channels=12),
           img_size=16, patch_size=8, out_type='cls_token')  # fmt: skip


def build(backbone, neck=None, head=None, **options):
    channels = dict(in_channels=6, hidden_channels=12, bottleneck_channels=5, out_channels=9)
    model = dict(
        type='DINO',
        backbone=backbone,
        neck={'type': 'DINONeck', **channels, **(neck or {})},
        head={'type': 'DINOHead', 'out_channels': 9, 'loss_weights': (0.4, 0.6), **(head or {})},
        **options,
    )
    return MODELS.build(model)


def views(locals_=2, batch=4):
    return [torch.randn(batch, 3, size, size) for size in (16, 16, *[8] * locals_)]


def at(model, step, steps_per_epoch=5, epochs=4):
    model.begin_step(Progress(step, steps_per_epoch, epochs))
    return model


def states(*networks):
    return [{name: value.clone() for name, value in network.state_dict().items()} for network in networks]


def assert_equal(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


def test_teacher_starts_as_a_copy(tiny_backbone):
    model = build(tiny_backbone)
    model.backbone.norm.running_mean.fill_(7)
    model.init_weights()
    assert_equal(states(model.teacher.backbone, model.teacher.neck), states(model.backbone, model.neck))
    assert not any(parameter.requires_grad for parameter in model.teacher.parameters())


def test_weights_of_a_pretrained_backbone_reach_the_teacher(tiny_backbone, tmp_path):
    torch.save({'state_dict': MODELS.build(tiny_backbone).state_dict()}, tmp_path / 'backbone.pth')
    model = build({**tiny_backbone, 'init_cfg': dict(type='Pretrained', checkpoint=str(tmp_path / 'backbone.pth'))})
    model.init_weights()
    stored = torch.load(tmp_path / 'backbone.pth')['state_dict']
    assert_equal(states(model.teacher.backbone, model.backbone), [stored, stored])


def test_a_checkpoint_of_the_whole_method_keeps_its_teacher(tiny_backbone, tmp_path):
    stored = build(tiny_backbone).state_dict()
    torch.save({'state_dict': stored}, tmp_path / 'dino.pth')
    model = build(tiny_backbone, init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'dino.pth')))
    model.init_weights()
    assert_equal(model.state_dict(), stored)
    assert not stored['teacher.backbone.conv.weight'].equal(stored['backbone.conv.weight'])


def test_initialising_again_leaves_a_trained_teacher_alone(tiny_backbone):
    model = build(tiny_backbone)
    model.init_weights()
    model.backbone.conv.weight.data.add_(1)
    (before,) = states(model)
    model.init_weights()
    assert_equal(model.state_dict(), before)


def test_only_the_student_has_stochastic_depth():
    model = build({**VIT, 'drop_path_rate': 0.5})
    rates = [
        getattr(network.layers[-1].ffn.dropout_layer, 'drop_prob', 0)
        for network in (model.backbone, model.teacher.backbone)
    ]
    assert rates == [0.5, 0]


def test_teacher_sees_the_global_views_with_statistics_of_its_own(tiny_backbone):
    model = at(build(tiny_backbone).train(), step=0)
    seen = []
    model.teacher.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    crops = views(locals_=3)
    model.loss(crops)
    assert_equal(seen, [torch.cat(crops[:2])])
    assert model.teacher.training
    assert [network.norm.num_batches_tracked.item() for network in (model.teacher.backbone, model.backbone)] == [1, 2]
    assert not model.teacher.backbone.norm.running_mean.equal(model.backbone.norm.running_mean)


def test_the_probe_sees_the_first_view_and_passes_no_gradient(tiny_backbone, labelled):
    model, crops = at(build(tiny_backbone, probe=dict(in_channels=6, num_classes=3)).train(), step=0), views()
    seen = []
    model.probe.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    losses = model(crops, labelled(0, 1, 2, 0), mode='loss')
    losses['loss_probe'].backward()
    torch.testing.assert_close(seen[0], model.extract_feat(torch.cat(crops[:2]))[:4])
    assert model.probe.weight.grad is not None
    assert all(parameter.grad is None for parameter in model.backbone.parameters())


def test_teacher_follows_the_student_after_the_step(tiny_backbone):
    model = at(build(tiny_backbone, base_momentum=0.6), step=7)
    before, student = states(model.teacher.backbone, model.backbone)
    model.end_step()
    momentum = cosine(7, 20, 0.6, 1.0)
    for name, value in model.teacher.backbone.state_dict().items():
        follows = name in dict(model.backbone.named_parameters())
        expected = momentum * before[name] + (1 - momentum) * student[name] if follows else before[name]
        torch.testing.assert_close(value, expected)


@pytest.mark.parametrize(('step', 'frozen'), [(0, True), (9, True), (10, False)])
def test_last_layer_is_withheld_in_the_first_epochs(tiny_backbone, step, frozen):
    model = at(build(tiny_backbone, freeze_last_layer_epochs=2), step)
    expected = {id(parameter) for parameter in model.neck.last_layer.parameters()} if frozen else set()
    assert {id(parameter) for parameter in model.withheld_parameters()} == expected


def test_temperature_follows_the_epoch(tiny_backbone, monkeypatch):
    model, epochs = build(tiny_backbone), []
    monkeypatch.setattr(model.head, 'loss', lambda *args: epochs.append(args[-1]))
    for step in (4, 5, 19):
        at(model, step).loss(views())
    assert epochs == [0, 1, 3]


def test_neck_and_head_must_agree(tiny_backbone):
    with pytest.raises(ConfigError, match=r'neck\.out_channels is 9 but model\.head\.out_channels is 8'):
        build(tiny_backbone, head=dict(out_channels=8))
