"""W2SSL against plain torch, which knows nothing of its parts."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.errors import ConfigError
from sslrecipes.models.methods import w2ssl
from sslrecipes.models.utils.progress import Progress
from sslrecipes.models.utils.trivial_loss import trivial_loss
from sslrecipes.registry import MODELS

IMAGES, WIDTH, SIDE = 4, 5, 8
START = Progress(0, steps_per_epoch=5, epochs=2)
NO_BIAS = dict(with_bn=True, bias=False, last_bias=False)
LARS = dict(type='LARS', lr=1.2, momentum=0.9, weight_decay=1e-6, adapt_vectors=False)


@pytest.fixture
def build(tiny_backbone):
    def make(regions=2, head=None, **options):
        torch.manual_seed(0)
        neck = dict(type='MLPNeck', in_channels=6, hidden_channels=8, out_channels=WIDTH, last_norm='plain', **NO_BIAS)
        predictor = dict(in_channels=WIDTH, hidden_channels=8, out_channels=WIDTH, **NO_BIAS)
        head = {**dict(type='W2SSLHead', in_channels=6, num_regions=regions, predictor=predictor), **(head or {})}
        model = MODELS.build(dict(type='W2SSL', backbone=tiny_backbone, neck=neck, head=head, **options)).train()
        model.init_weights()
        for follower in model.momentum_encoder.parameters():  # else the moving average would change nothing
            follower.data.add_(0.1 * torch.randn_like(follower))
        return model

    return make


def views(regions=2, images=IMAGES):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(images, 3, SIDE, SIDE, generator=generator) for _ in range(2 * regions)]


def by_hand(model, inputs, order, momentum, temperature=0.3, where=1.0, what=1.0):
    """Losses of a step on one process, written anew; the model's parts are only called."""
    regions = len(inputs) // 2
    follower = copy.deepcopy(model.momentum_encoder)
    for name in ('backbone', 'neck'):
        pairs = zip(follower.get_submodule(name).parameters(), getattr(model, name).parameters(), strict=True)
        for own, other in pairs:
            own.data = momentum * own.data + (1 - momentum) * other.detach()
    images, features, keys = len(inputs[0]), [], []
    for view in (inputs[:regions], inputs[regions:]):
        pieces = [view[int(piece) // images][int(piece) % images] for piece in order]
        count = len(pieces) // 4
        montages = torch.stack([
            torch.cat([
                torch.cat([pieces[i], pieces[count + i]], dim=2),
                torch.cat([pieces[2 * count + i], pieces[3 * count + i]], dim=2),
            ], dim=1)
            for i in range(count)
        ])  # fmt: skip
        features.append(quadrants(model.backbone(montages)[0]))
        with torch.no_grad():
            keys.append(follower.get_submodule('neck')(quadrants(follower.get_submodule('backbone')(montages)[0])))
    labels = [int(piece) % images for piece in order] * 2
    loss_where = F.cross_entropy(model.head.where(features[0]), torch.tensor([int(piece) // images for piece in order]))
    queries = [model.head.predictor(model.neck(feature)) for feature in features]
    loss_what = sum(
        contrast(torch.cat([queries[view], keys[1 - view]]), labels, temperature) * temperature / 0.07
        for view in (0, 1)
    )
    return {'loss_where': where * loss_where, 'loss_what': what * loss_what}


def quadrants(maps):
    pooled = F.adaptive_avg_pool2d(F.interpolate(maps, (8, 8), mode='bilinear', align_corners=False), 2)
    return torch.cat([pooled[:, :, 0, 0], pooled[:, :, 0, 1], pooled[:, :, 1, 0], pooled[:, :, 1, 1]])


def contrast(rows, labels, temperature):
    rows = F.normalize(rows, dim=1)
    terms = []
    for i in range(len(rows)):
        others = [j for j in range(len(rows)) if j != i]
        scores = {j: rows[i] @ rows[j] / temperature for j in others}
        total = torch.logsumexp(torch.stack(list(scores.values())), 0)
        terms.append(torch.stack([total - scores[j] for j in others if labels[j] == labels[i]]).mean())
    return torch.stack(terms).mean()


def step(model, inputs, order, progress=START):
    model.montages.draw = lambda count: order
    model.begin_step(progress)
    losses = model(inputs, mode='loss')
    return {name: value for name, value in losses.items() if 'loss' in name}


@pytest.mark.parametrize('options', [
    dict(),
    dict(regions=4),
    dict(temperature=0.01),
    dict(where=1.0, what=0.25),
    dict(where=0.0),
], ids=str)  # fmt: skip
def test_losses_and_gradients(options, build):
    """At four regions each image has eight rows; a temperature of 0.01 makes logits of 100."""
    regions = options.pop('regions', 2)
    head = {key: value for key, value in zip(('temperature',), (options.get('temperature'),), strict=True) if value}
    head |= {f'{name}_weight': options[name] for name in ('where', 'what') if name in options}
    model = build(regions, head)
    alone = copy.deepcopy(model)
    order, inputs = torch.randperm(regions * IMAGES), views(regions)
    expected = by_hand(alone, inputs, order, momentum=0.99, **options)
    losses = step(model, inputs, order)
    assert losses.keys() == expected.keys()
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss, rtol=1e-5, atol=1e-5)
    sum(losses.values()).backward()
    sum(expected.values()).backward()
    gradients = {name: parameter.grad for name, parameter in alone.named_parameters()}
    for name, parameter in model.named_parameters():
        if name.startswith('momentum_encoder'):
            assert parameter.grad is None
        else:
            assert (parameter.grad is None) == (name.startswith('head.where') and not options.get('where', 1))
            torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-3, atol=1e-5, msg=name)


def test_where_is_told_from_view_1_only(build):
    model = build()
    order, inputs = torch.randperm(2 * IMAGES), views()
    other = [*inputs[:2], *(view + 1 for view in inputs[2:])]
    first, second = (step(build(), given, order) for given in (inputs, other))
    assert torch.equal(first['loss_where'], second['loss_where'])
    assert not torch.equal(first['loss_what'], second['loss_what'])
    loss = step(model, inputs, order)['loss_where']
    assert all(grad.any() for grad in torch.autograd.grad(loss, [*model.backbone.parameters()][:1]))


def test_both_views_of_a_step_are_arranged_alike(build):
    """By one draw: the montages of view 2 differ from those of view 1 by what its pixels do, nowhere else."""
    model, seen = build(), []
    model.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.begin_step(START)
    model([*views()[:2], *(view + 1 for view in views()[:2])], mode='loss')
    torch.testing.assert_close(seen[1], seen[0] + 1)


def test_features_are_those_of_the_last_map():
    """Of several that a backbone may give."""
    maps = torch.randn(2, 3, 4, 4)
    features = w2ssl.quadrant_features(lambda _: (torch.zeros(2, 5, 8, 8), maps), maps)
    torch.testing.assert_close(features, quadrants(maps))


def test_the_first_step_moves_statistics_and_the_momentum_encoder_only(build):
    """Its learning rate is 0."""
    model = build()
    wrapper = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=dict(LARS, lr=0.0)))(model)
    before = copy.deepcopy(model.state_dict())
    wrapper.update_params(sum(step(model, views(), torch.randperm(2 * IMAGES)).values()))
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name for name, _ in model.named_parameters() if not name.startswith('momentum_encoder')}.isdisjoint(moved)
    assert {'backbone.norm.running_mean', 'neck.mlp.4.running_var', 'head.predictor.mlp.1.running_mean'} <= moved
    assert {'momentum_encoder.backbone.norm.running_mean', 'momentum_encoder.neck.mlp.4.running_var'} <= moved
    for name, value in model.momentum_encoder.named_parameters():
        source = before[{'where': 'head.where'}.get(name.split('.')[0], name.split('.')[0]) + name[name.index('.') :]]
        torch.testing.assert_close(value, 0.99 * before[f'momentum_encoder.{name}'] + 0.01 * source)


@pytest.mark.parametrize(('final', 'expected'), [(1.0, (0.99, 0.995)), (0.99, (0.99, 0.99))])
def test_the_momentum_follows_a_cosine_or_is_constant(final, expected, build):
    model, seen = build(**({} if final == 1 else dict(final_momentum=final))), []
    model.momentum_encoder.update = lambda momentum, **_: seen.append(momentum)
    for number in (0, 5):
        model.begin_step(START._replace(step=number))
    assert seen == pytest.approx(expected)


def test_it_begins_as_a_copy_and_its_momentum_encoder_keeps_no_gradient(build, tiny_backbone):
    model = MODELS.build(dict(type='W2SSL', backbone=tiny_backbone, **parts(build()))).train()
    model.init_weights()
    follower = model.momentum_encoder.state_dict()
    for name, source in model.followed.items():
        assert all(torch.equal(follower[f'{name}.{key}'], value) for key, value in source.state_dict().items())
    assert not any(parameter.requires_grad for parameter in model.momentum_encoder.parameters())


def test_it_begins_as_a_copy_of_whatever_was_loaded_before(build):
    model = build()
    model.start()
    follower = model.momentum_encoder.state_dict()
    for name, source in model.followed.items():
        assert all(torch.equal(follower[f'{name}.{key}'], value) for key, value in source.state_dict().items())


def parts(model):
    """Configs like those of a model that is there."""
    neck = dict(type='MLPNeck', in_channels=6, hidden_channels=8, out_channels=model.neck.out_channels, **NO_BIAS)
    predictor = dict(in_channels=WIDTH, hidden_channels=8, out_channels=WIDTH, **NO_BIAS)
    return {'neck': neck, 'head': dict(type='W2SSLHead', in_channels=6, predictor=predictor)}


def test_guessing_has_the_trivial_loss(build):
    model = build(head=dict(where_weight=0.5, what_weight=2.0))
    assert trivial_loss(model) is None
    model.check_data({IMAGES}, None)
    rows = F.normalize(torch.ones(4 * IMAGES, WIDTH), dim=1)
    images = torch.arange(IMAGES).repeat(2)
    model.head.predictor = torch.nn.Identity()
    what = model.head.what_loss([*rows.split(2 * IMAGES)], [*rows.split(2 * IMAGES)], images)
    where = 0.5 * torch.tensor(2.0).log()
    assert trivial_loss(model) == pytest.approx(float(what + where), rel=1e-5)


def test_regions_told_rightly_are_logged(build):
    model = build()
    model.head.where.weight.data.zero_()
    model.head.where.bias.data.copy_(torch.tensor([1.0, 0.0]))
    model.begin_step(START)
    assert model(views(), mode='loss')['where_top1'] == 50


def test_features_are_those_of_whole_pictures(build):
    model = build().eval()
    picture = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(model(picture), model.backbone(picture)[0].mean(dim=(2, 3)))


@pytest.mark.parametrize(('images', 'regions'), [(3, 2), (1, 2), (5, 2)])
def test_batches_that_make_no_whole_montages_are_refused(images, regions, build):
    sentence = f'batch_size={images}: the {images} x {regions} regions of a process do not make montages of 4'
    model = build(regions)
    with pytest.raises(ConfigError, match=sentence):
        model.check_data({images}, None)
    with pytest.raises(ConfigError, match=sentence):
        step(model, views(regions, images), torch.arange(images * regions))


def test_an_image_alone_has_no_negatives(build):
    with pytest.raises(ConfigError, match='two images at least'):
        build(4).check_data({1}, None)


@pytest.mark.parametrize('count', [1, 2, 3, 8])
def test_another_number_of_views_is_refused(count, build):
    with pytest.raises(ConfigError, match=f'needs 2 views of each, 4 in all; the data gives {count}'):
        step(build(), views()[0] if count == 1 else (views() * 2)[:count], torch.arange(8))


def test_views_of_unequal_sizes_are_refused(build):
    with pytest.raises(ConfigError, match='must have one size'):
        step(build(), [*views()[:3], torch.zeros(IMAGES, 3, 6, 6)], torch.arange(8))


@pytest.mark.parametrize(('options', 'sentence'), [
    (dict(shuffle='none'), "model.shuffle is 'none'"),
    (dict(base_momentum=1.5), 'model.base_momentum is 1.5'),
    (dict(head=dict(temperature=0)), 'W2SSLHead.temperature is 0'),
    (dict(head=dict(where_weight=-1)), 'W2SSLHead.where_weight is -1'),
    (dict(head=dict(where_weight=0, what_weight=0)), 'nothing would be learnt'),
    (dict(regions=3), 'W2SSLHead.num_regions is 3'),
    (dict(probe=dict(in_channels=6, num_classes=3)), 'no joint probe'),
    (dict(head=dict(predictor=dict(in_channels=5, hidden_channels=8, out_channels=6))), 'predictor.out_channels is 6'),
], ids=str)  # fmt: skip
def test_options_that_can_not_be_meant(options, sentence, build):
    with pytest.raises(ConfigError, match=sentence):
        build(**options)
