"""DenseCL against plain torch."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, WIDTH, LENGTH, T = 4, 5, 8, 0.5
CFG = dict(
    type='DenseCL',
    neck=dict(type='DenseCLNeck', in_channels=6, hidden_channels=7, out_channels=WIDTH),
    momentum=0.5,
)
HEAD = dict(type='DenseCLHead', feat_channels=WIDTH, queue_length=LENGTH, temperature=T, loss_lambda=0.3)


@pytest.fixture
def build(tiny_backbone):
    def make(head=None, **options):
        torch.manual_seed(0)
        cfg = {**CFG, 'backbone': tiny_backbone, 'head': {**HEAD, **(head or {})}, **options}
        model = MODELS.build(copy.deepcopy(cfg)).train()
        model.init_weights()
        return model

    return make


def views(count=2):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(BATCH, 3, 8, 8, generator=generator) for _ in range(count)]


def embed(network, images):
    """Image, its 16 places, their mean and the map, as the paper says, an image at a time."""
    maps = network.backbone(images)[-1]
    first, second = (network.neck.mlp2[layer].weight.flatten(1) for layer in (0, 2))
    rows = []
    for features in maps.flatten(2):
        image = network.neck.mlp(features.mean(dim=1))
        hidden = F.relu(first @ features + network.neck.mlp2[0].bias[:, None])
        places = second @ hidden + network.neck.mlp2[2].bias[:, None]
        rows.append([F.normalize(image, dim=0), F.normalize(places, dim=0), F.normalize(places.mean(dim=1), dim=0)])
    return rows, maps.flatten(2)


def test_images_and_places_find_their_keys(build):
    model, (query, key) = build(), views()
    torch.nn.init.normal_(model.momentum_encoder.neck.mlp[0].weight)
    plain, queues = copy.deepcopy(model), (model.head.queue.clone(), model.head.queue2.clone())
    plain.momentum_encoder.update(0.5, backbone=plain.backbone, neck=plain.neck)
    queries, query_maps = embed(plain, query)
    with torch.no_grad():
        keys, key_maps = embed(plain.momentum_encoder, key)
    of_images, of_places = [], []
    for index in range(BATCH):
        (image, places, _), (image_key, place_keys, _) = queries[index], keys[index]
        logits = torch.cat([(image @ image_key)[None], image @ queues[0]]) / T
        of_images.append(logits.logsumexp(0) - logits[0])
        for place in range(16):
            similar = F.cosine_similarity(query_maps[index][:, place, None], key_maps[index], dim=0)
            positive = place_keys[:, similar.argmax()]
            logits = torch.cat([(places[:, place] @ positive)[None], places[:, place] @ queues[1]]) / T
            of_places.append(logits.logsumexp(0) - logits[0])
    expected = 0.7 * torch.stack(of_images).mean() + 0.3 * torch.stack(of_places).mean()
    model.begin_step(Progress(0, steps_per_epoch=3, epochs=2))
    losses = model([query, key], mode='loss')
    torch.testing.assert_close(sum(losses.values()), expected)
    torch.testing.assert_close(losses['loss_image'], 0.7 * torch.stack(of_images).mean())
    sum(losses.values()).backward()
    expected.backward()
    for (name, parameter), reference in zip(model.named_parameters(), plain.parameters(), strict=True):
        if parameter.requires_grad:
            torch.testing.assert_close(parameter.grad, reference.grad, msg=lambda text, name=name: f'{name}: {text}')
    torch.testing.assert_close(model.head.queue[:, :BATCH].T, torch.stack([image for image, _, _ in keys]))
    torch.testing.assert_close(model.head.queue2[:, :BATCH].T, torch.stack([mean for _, _, mean in keys]))
    assert int(model.head.queue_ptr) == BATCH
    assert torch.equal(model.head.queue2[:, BATCH:], queues[1][:, BATCH:])


def test_the_queues_begin_at_random_places_of_their_own(build):
    head = build().head
    assert not torch.isclose(head.queue, head.queue2).all(dim=0).any()
    for queue in head.queues:
        torch.testing.assert_close(queue.norm(dim=0), torch.ones(LENGTH))


def test_both_losses_weigh_the_same_unless_told_otherwise(build):
    assert build().head.loss_lambda == 0.3
    assert MODELS.build(dict(type='DenseCLHead', feat_channels=WIDTH, queue_length=LENGTH)).loss_lambda == 0.5


def test_the_joint_probe_sees_the_pooled_query(build):
    model, heard = build(), []
    model.probe_loss = lambda features, _: heard.append(features) or {}
    plain = copy.deepcopy(model)
    model(views(), mode='loss')
    torch.testing.assert_close(heard, [plain.backbone(views()[0])[-1].mean(dim=(2, 3))])


def test_a_queue_of_no_whole_batches_is_refused(build):
    with pytest.raises(ConfigError, match='queue_length=6 must be a multiple of every batch'):
        build(dict(queue_length=6))(views(), mode='loss')


def test_keys_enter_with_the_last_micro_batch(build):
    model = build()
    before = model.head.queue.clone(), model.head.queue2.clone()
    model.begin_step(Progress(0, steps_per_epoch=3, epochs=2, micro_batches=2))
    model(views(), mode='loss')
    assert torch.equal(model.head.queue, before[0])
    assert torch.equal(model.head.queue2, before[1])
    model(views(), mode='loss')
    assert int(model.head.queue_ptr) == 0
    assert not torch.isclose(model.head.queue2, before[1]).all(dim=0).any()


def test_the_momentum_encoder_begins_as_a_copy(build):
    model = build()
    for name, value in model.momentum_encoder.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


@pytest.mark.parametrize('length', [LENGTH, 2 * LENGTH])
def test_both_queues_of_an_earlier_stage_are_kept_or_dropped(build, length):
    earlier, model = build(dict(queue_length=length)).state_dict(), build()
    earlier['head.queue2'] = earlier['head.queue2'].roll(1)
    own = model.head.queue2.clone()
    model.load_state_dict(model.from_earlier_stage(earlier))
    assert torch.equal(model.head.queue2, earlier['head.queue2'] if length == LENGTH else own)


@pytest.mark.parametrize(
    ('options', 'count', 'sentence'),
    [
        (dict(symmetric=True), 2, 'DenseCL compares one view of an image with one other'),
        ({}, 3, 'loss_weights has 1 numbers|DenseCL compares one view'),
    ],
)
def test_other_views_are_refused(build, options, count, sentence):
    with pytest.raises(ConfigError, match=sentence):
        build(**options)(views(count), mode='loss')


def test_a_weight_is_a_share(build):
    with pytest.raises(ConfigError, match=r'loss_lambda is 1\.5, but must be a number from 0 to 1'):
        build(dict(loss_lambda=1.5))
