import pytest
import torch
from mmpretrain.structures import DataSample

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.errors import CoverageError
from sslrecipes.models.heads import ProjectionClsHead
from sslrecipes.registry import MODELS

CHANNELS, HIDDEN, CLASSES = 6, 16, 5
DINO = dict(type='DINONeck', hidden_channels=HIDDEN, bottleneck_channels=4, out_channels=8)
PRETRAINED = dict(type='Pretrained', prefix='neck.', ignore=('fc.', 'mlp.6.'))


@pytest.fixture
def checkpoint(tmp_path):
    """Function that saves a neck with weights of its own as a training does, and returns the file and the neck."""

    def save(**cfg):
        neck = MODELS.build(dict(cfg, in_channels=CHANNELS))
        for value in neck.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + 0.5)
        state = {f'neck.{name}': value for name, value in neck.state_dict().items()}
        torch.save(dict(state_dict={**state, 'backbone.conv1.weight': torch.ones(1)}), tmp_path / 'epoch_1.pth')
        return str(tmp_path / 'epoch_1.pth'), neck

    return save


def build(file, **kwargs):
    head = ProjectionClsHead(CLASSES, CHANNELS, HIDDEN, init_cfg=dict(PRETRAINED, checkpoint=file), **kwargs)
    head.init_weights()
    return head


@pytest.mark.parametrize(('mode', 'num_layers', 'with_bn'), [('train', 2, True), ('eval', 2, True), ('eval', 3, False)])
def test_computes_what_the_projection_head_computed(checkpoint, mode, num_layers, with_bn):
    file, neck = checkpoint(**DINO, num_layers=num_layers + 1, with_bn=with_bn)
    head, features = build(file, num_layers=num_layers, with_bn=with_bn), torch.randn(7, CHANNELS)
    for module in (head, neck):
        module.train(mode == 'train')
    hidden = neck.mlp[:6](features)
    torch.testing.assert_close(head.pre_logits((None, features)), hidden)
    torch.testing.assert_close(head((None, features)), head.fc(hidden))


def test_only_the_classifier_is_new_and_as_pytorch_starts_it(checkpoint):
    file, neck = checkpoint(**DINO)
    head = build(file)
    loaded = {name for name, value in neck.state_dict().items() if name in head.state_dict()}
    assert set(head.state_dict()) - loaded == {'fc.weight', 'fc.bias'}
    assert head.fc.weight.abs().max() <= HIDDEN**-0.5
    assert head.fc.weight.std().item() == pytest.approx(HIDDEN**-0.5 / 3**0.5, rel=0.2)
    assert head.fc.bias.any()


@pytest.mark.parametrize(
    ('neck', 'complaint'),
    [
        (dict(DINO, with_bn=False), 'missing: mlp.1.weight'),
        (dict(type='SwAVNeck', hidden_channels=HIDDEN, out_channels=HIDDEN, num_prototypes=3), 'missing: mlp.4.weight'),
        (dict(type='MoCoNeck', hidden_channels=HIDDEN, out_channels=HIDDEN), 'missing: mlp.1.weight'),
        (dict(DINO, hidden_channels=HIDDEN + 1), 'other shape: mlp.0.weight'),
    ],
    ids=['no-bn', 'swav', 'moco', 'wider'],
)
def test_other_heads_are_refused(checkpoint, neck, complaint):
    file, _ = checkpoint(**neck)
    with pytest.raises(CoverageError, match=rf'epoch_1.pth" fills \d+ of 12 weights of ProjectionClsHead.*{complaint}'):
        build(file)


def test_a_longer_head_is_refused_unless_its_layer_is_named(checkpoint):
    file, _ = checkpoint(**DINO)
    with pytest.raises(CoverageError, match=r'deeper network: mlp\.6\.weight'):
        ProjectionClsHead(
            CLASSES, CHANNELS, HIDDEN, init_cfg=dict(PRETRAINED, checkpoint=file, ignore=('fc.',))
        ).init_weights()


def test_loss_and_predictions():
    head = ProjectionClsHead(CLASSES, CHANNELS, HIDDEN, topk=(1,), cal_acc=True)
    features = (torch.randn(8, CHANNELS),)
    labels = torch.arange(8) % CLASSES
    samples = [DataSample().set_gt_label(label) for label in labels]
    losses = head.loss(features, samples)
    torch.testing.assert_close(losses['loss'], torch.nn.functional.cross_entropy(head(features), labels))
    assert set(losses) == {'loss', 'accuracy_top-1'}
    predicted = torch.cat([sample.pred_label for sample in head.predict(features, samples)])
    assert torch.equal(predicted, head(features).argmax(1))
