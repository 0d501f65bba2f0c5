import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH = 4
START = Progress(0, steps_per_epoch=2, epochs=3)


def build(head=None):
    return MODELS.build(
        dict(
            type='MoCo',
            backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8),
            neck=dict(type='MoCoNeck', in_channels=64, hidden_channels=32, out_channels=8),
            head={**dict(type='MoCoHead', loss_weights=(0.4, 0.6), feat_channels=8, queue_length=12), **(head or {})},
            momentum=0.9,
        )
    )


def views(count=4):
    return [torch.randn(BATCH, 3, 32 if view < 2 else 24, 32 if view < 2 else 24) for view in range(count)]


def pairs(model):
    """Parameters of the momentum encoder beside those that they follow."""
    for name in ('backbone', 'neck'):
        yield from zip(
            model.momentum_encoder.get_submodule(name).parameters(), getattr(model, name).parameters(), strict=True
        )


def test_the_momentum_encoder_starts_as_a_copy():
    model = build()
    model.init_weights()
    assert all(torch.equal(own, other) and not own.requires_grad for own, other in pairs(model))
    assert not any(own is other for own, other in pairs(model))


def test_the_momentum_encoder_follows_once_per_step_before_it():
    model = build()
    with torch.no_grad():
        for own, other in pairs(model):
            own.fill_(1.0)
            other.fill_(2.0)
    model.begin_step(START)
    model(views(), mode='loss')
    model(views(), mode='loss')
    model.end_step()
    for own, _ in pairs(model):
        torch.testing.assert_close(own, torch.full_like(own, 1.1))


def test_the_first_view_is_the_key_and_the_others_ask(monkeypatch):
    model, images = build().eval(), views()
    seen = []
    monkeypatch.setattr(model.head, 'loss', lambda queries, keys: seen.extend([queries, keys]) or queries.sum())
    monkeypatch.setattr(model, 'probe_loss', lambda features, _: seen.append(features) or {})
    model(images, mode='loss')
    queries, keys, probed = seen
    features = [model.extract_feat(view) for view in images]
    torch.testing.assert_close(keys, F.normalize(model.neck(features[0]), dim=1))
    torch.testing.assert_close(queries, F.normalize(model.neck(torch.cat(features[1:])), dim=1))
    torch.testing.assert_close(probed, features[1])


def test_gradients_reach_the_query_encoder_only():
    model = build().train()
    (loss,) = model(views(), mode='loss').values()
    loss.backward()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert all(parameter.grad is not None for parameter in trained)
    assert all(own.grad is None for own, _ in pairs(model))


def test_the_momentum_encoder_has_statistics_of_its_own():
    model = build().train()
    model(views(), mode='loss')
    own, other = model.momentum_encoder.backbone.bn1, model.backbone.bn1
    assert (own.num_batches_tracked, other.num_batches_tracked) == (1, 2)  # keys; second views, local views
    assert not torch.equal(own.running_mean, other.running_mean)


def test_the_queue_must_be_whole_batches():
    with pytest.raises(ConfigError, match='queue_length=10 must be a multiple of every batch'):
        build(dict(queue_length=10))(views(), mode='loss')


@pytest.mark.parametrize(('count', 'message'), [(1, 'needs 2 global views .* gives 1'), (2, '0 local views need 1')])
def test_views_that_do_not_fit(count, message):
    with pytest.raises(ConfigError, match=message):
        build()(views(count), mode='loss')


def test_neck_and_head_must_fit():
    with pytest.raises(ConfigError, match=r'neck\.out_channels is 8 but model\.head\.feat_channels is 16'):
        build(dict(feat_channels=16))
