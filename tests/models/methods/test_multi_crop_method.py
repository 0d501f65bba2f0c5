import pytest
import torch
from mmpretrain.structures import DataSample

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.losses.view_weights import ViewWeights
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod, forward_views
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

PROBE = dict(in_channels=6, num_classes=3)


class Mean(torch.nn.Module):
    """Head whose loss is the mean feature."""

    def __init__(self, loss_weights):
        super().__init__()
        self.weights = ViewWeights(loss_weights)


class Method(MultiCropMethod):
    def loss(self, inputs, data_samples=None):
        features = forward_views(self.backbone, inputs)
        return {'loss': features.mean(), **self.probe_loss(features[: len(inputs[0])], data_samples)}


@pytest.fixture
def build(tiny_backbone):
    neck = dict(type=torch.nn.Identity)
    return lambda weights=(0.4, 0.6), probe=None: Method(
        tiny_backbone, neck, dict(type=Mean, loss_weights=weights), probe=probe
    )


def views(*sizes, batch=2):
    return [torch.randn(batch, 3, size, size) for size in sizes]


def test_views_of_a_size_are_one_batch_and_keep_their_order(tiny_backbone):
    backbone = MODELS.build(tiny_backbone).train()
    passes = []
    backbone.register_forward_pre_hook(lambda _, args: passes.append(tuple(args[0].shape)))
    crops = views(16, 16, 8, 8, 8)
    features = forward_views(backbone, crops)
    assert passes == [(4, 3, 16, 16), (6, 3, 8, 8)]
    assert features.shape == (10, 6)
    backbone.eval()
    alone = torch.cat([backbone(view)[-1].mean(dim=(2, 3)) for view in crops])
    torch.testing.assert_close(forward_views(backbone, crops), alone)


def test_batch_norms_see_the_sizes_apart(tiny_backbone):
    backbone, crops = MODELS.build(tiny_backbone).train(), views(16, 16, 8)
    together = forward_views(backbone, crops)
    torch.testing.assert_close(together[:4], forward_views(backbone, crops[:2]))
    assert not torch.allclose(together[:2], forward_views(backbone, crops[:1]), atol=1e-3)


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        (torch.zeros(8, 3, 8, 8), 'needs 2 global views per image, the data gives 1'),
        (views(16), 'needs 2 global views per image, the data gives 1'),
        (views(16, 16), 'has 2 numbers, but 0 local views need 1'),
        (views(16, 8, 8), 'first 2 views are the global ones, of one size'),
    ],
)
def test_views_that_do_not_fit_are_refused(build, inputs, message):
    with pytest.raises(ConfigError, match=message):
        build()(inputs, mode='loss')


def test_locals_without_weight_are_refused(build):
    with pytest.raises(ConfigError, match='2 local views need 2'):
        build(weights=(1.0,))(views(16, 16, 8, 8), mode='loss')


def test_the_probe_needs_labels(build):
    with pytest.raises(DataError, match='exactly one gt_label per image'):
        build(probe=PROBE)(views(16, 16, 8), [DataSample(), DataSample()], mode='loss')
    assert set(build()(views(16, 16, 8), mode='loss')) == {'loss'}


def test_the_probe_predicts(build, labelled):
    model, (images,) = build(probe=PROBE).eval(), views(16)
    samples = model(images, labelled(0, 1), mode='predict')
    assert torch.cat([sample.pred_label for sample in samples]).equal(model.probe(model(images)).argmax(1))


def test_without_probe_nothing_is_predicted(build):
    with pytest.raises(ConfigError, match='no joint probe'):
        build()(*views(16), mode='predict')


def test_somebody_must_say_where_training_is(build):
    model = build()
    with pytest.raises(ConfigError, match=r'keep default_hooks\.step'):
        _ = model.present
    model.begin_step(Progress(7, 3, 4))
    assert (model.present.epoch, model.present.total_steps) == (2, 12)


def test_data_of_more_classes_than_the_probe_has_are_refused(build):
    method = build(probe=PROBE)
    method.check_data({4}, 3)
    method.check_data({4}, None)
    with pytest.raises(ConfigError, match=r'3 classes, the data has 8: set model\.probe\.num_classes=8'):
        method.check_data({4}, 8)


def test_heads_with_queues_are_asked_about_the_batches(build):
    method = build()
    asked = set()
    method.head.check_batches = lambda sizes: asked.update(sizes)
    method.check_data({4, 2}, None)
    assert asked == {4, 2}
