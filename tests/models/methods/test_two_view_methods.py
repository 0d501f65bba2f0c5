"""BYOL, SimCLR, SimSiam, MoCo v3, and MoCo on two views, against plain torch."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, WIDTH = 4, 5
START = Progress(0, steps_per_epoch=3, epochs=2)
PREDICTION = dict(in_channels=WIDTH, hidden_channels=8, out_channels=WIDTH, with_bn=True)
HEADS = {
    'BYOL': dict(type='PredictionHead', predictor=PREDICTION, distance='squared'),
    'SimSiam': dict(type='PredictionHead', predictor=PREDICTION, distance='cosine'),
    'SimCLR': dict(type='SimCLRHead', temperature=0.5, gather=False),
    'MoCo': dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=WIDTH, queue_length=8, temperature=0.5),
    'MoCoV3': dict(type='MoCoV3Head', predictor=PREDICTION, temperature=0.5),
}
TWO_VIEWS = ('BYOL', 'SimCLR', 'SimSiam', 'MoCoV3')


@pytest.fixture
def build(tiny_backbone):
    def make(method, neck=None, **options):
        torch.manual_seed(0)
        neck = {
            **dict(type='MLPNeck', in_channels=6, hidden_channels=8, out_channels=WIDTH, with_bn=True),
            **(neck or {}),
        }
        options.setdefault('head', HEADS[method])
        model = MODELS.build(dict(type=method, backbone=tiny_backbone, neck=neck, **options)).train()
        model.init_weights()
        return model

    return make


def views(count=2):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(BATCH, 3, 8, 8, generator=generator) for _ in range(count)]


def embed(network, images):
    return network.neck(network.backbone(images)[-1].mean(dim=(2, 3)))


def negative_cosine(one, other):
    return -(F.normalize(one, dim=1) * F.normalize(other, dim=1)).sum(dim=1).mean()


def loss_of(model, images):
    model.begin_step(START)
    (loss,) = model(images, mode='loss').values()
    return loss


def test_byol_sums_both_directions(build):
    model, (one, two) = build('BYOL'), views()
    torch.nn.init.normal_(model.teacher.neck.mlp[0].weight)
    plain = copy.deepcopy(model)
    first, second = (plain.head.predictor(embed(plain, view)) for view in (one, two))
    with torch.no_grad():
        targets = [embed(plain.teacher, view) for view in (one, two)]
    expected = 2 + 2 * negative_cosine(first, targets[1]) + 2 + 2 * negative_cosine(second, targets[0])
    torch.testing.assert_close(loss_of(model, [one, two]), expected)


def test_simsiam_averages_both_directions_and_stops_the_gradient_of_what_is_predicted(build):
    model, (one, two) = build('SimSiam'), views()
    plain = copy.deepcopy(model)
    embeddings = [embed(plain, view) for view in (one, two)]
    first, second = map(plain.head.predictor, embeddings)
    expected = (negative_cosine(first, embeddings[1].detach()) + negative_cosine(second, embeddings[0].detach())) / 2
    loss = loss_of(model, [one, two])
    loss.backward()
    expected.backward()
    torch.testing.assert_close(loss, expected)
    for parameter, other in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad)


@pytest.mark.parametrize('base', [None, 0.07])
def test_simclr_sums_over_all_others(build, base):
    head = dict(HEADS['SimCLR'], base_temperature=base)
    model, images = build('SimCLR', head=head), views()
    plain = copy.deepcopy(model)
    rows = F.normalize(embed(plain, torch.cat(images)), dim=1)
    terms = []
    for anchor in range(2 * BATCH):
        scores = torch.stack([rows[anchor] @ rows[other] / 0.5 for other in range(2 * BATCH) if other != anchor])
        positive = rows[anchor] @ rows[(anchor + BATCH) % (2 * BATCH)] / 0.5
        terms.append(scores.exp().sum().log() - positive)
    expected = torch.stack(terms).mean() * (0.5 / base if base else 1)
    torch.testing.assert_close(loss_of(model, images), expected)


@pytest.mark.parametrize('temperature', [1.0, 0.5, 0.01])
def test_mocov3_finds_the_key_of_the_other_view_among_those_of_the_batch(build, temperature):
    model, images = build('MoCoV3', head=dict(HEADS['MoCoV3'], temperature=temperature), base_momentum=0.75), views()
    torch.nn.init.normal_(model.momentum_encoder.neck.mlp[0].weight)
    plain = copy.deepcopy(model)
    for network in ('backbone', 'neck'):
        followed = dict(plain.get_submodule(network).named_parameters())
        for name, parameter in plain.momentum_encoder.get_submodule(network).named_parameters():
            parameter.data = 0.75 * parameter.data + 0.25 * followed[name].data
    queries = [F.normalize(plain.head.predictor(embed(plain, view)), dim=1) for view in images]
    keys = [F.normalize(embed(plain.momentum_encoder, view), dim=1).detach() for view in images]
    expected = sum(
        2 * temperature * F.cross_entropy(query @ key.T / temperature, torch.arange(BATCH))
        for query, key in zip(queries, reversed(keys), strict=True)
    )
    loss = loss_of(model, images)
    torch.testing.assert_close(loss, expected)
    loss.backward()
    expected.backward()
    for (name, parameter), other in zip(model.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-4, atol=1e-6, msg=name)
    assert not any(parameter.requires_grad for parameter in model.momentum_encoder.parameters())


@pytest.mark.parametrize('symmetric', [False, True])
def test_moco_compares_with_the_queue_of_before(build, symmetric):
    model, images = build('MoCo', key_view=1, symmetric=symmetric, momentum=0.5), views()
    torch.nn.init.normal_(model.momentum_encoder.neck.mlp[0].weight)
    plain, queue = copy.deepcopy(model), model.head.queue.clone()
    loss = loss_of(model, images)
    plain.momentum_encoder.update(0.5, backbone=plain.backbone, neck=plain.neck)
    pairs = [(images[0], images[1]), *([(images[1], images[0])] if symmetric else [])]
    queries = [F.normalize(embed(plain, query), dim=1) for query, _ in pairs]
    keys = [F.normalize(embed(plain.momentum_encoder, key), dim=1) for _, key in pairs]
    terms = []
    for query, key in zip(queries, keys, strict=True):
        logits = torch.cat([(query * key).sum(dim=1, keepdim=True), query @ queue], dim=1) / 0.5
        terms.append(F.cross_entropy(logits, torch.zeros(BATCH, dtype=torch.long)))
    torch.testing.assert_close(loss, torch.stack(terms).mean())
    torch.testing.assert_close(model.head.queue[:, : BATCH * len(pairs)], torch.cat(keys).T)
    assert int(model.head.queue_ptr) == BATCH * len(pairs) % 8


def test_a_symmetric_queue_holds_both_keys_of_an_image(build):
    model = build('MoCo', symmetric=True, head=dict(HEADS['MoCo'], queue_length=12))
    with pytest.raises(ConfigError, match=r'queue_length=12 must be a multiple of every batch.*8 images'):
        model(views(), mode='loss')
    model = build('MoCo', symmetric=True, head=dict(HEADS['MoCo'], loss_weights=(0.5, 0.5)))
    with pytest.raises(ConfigError, match='symmetric is for two views'):
        model(views(3), mode='loss')


def test_the_key_is_one_of_the_global_views(build):
    with pytest.raises(ConfigError, match=r'model\.key_view is 2, but must be 0 or 1'):
        build('MoCo', key_view=2)


def test_evaluation_leaves_the_queue_alone(build):
    model = build('MoCo').eval()
    before = model.head.queue.clone(), model.head.queue_ptr.clone()
    model(views()[0], mode='tensor')
    model.extract_feat(views()[0])
    assert torch.equal(model.head.queue, before[0])
    assert torch.equal(model.head.queue_ptr, before[1])


@pytest.mark.parametrize('method', TWO_VIEWS)
@pytest.mark.parametrize('count', [1, 3])
def test_other_numbers_of_views_are_refused(build, method, count):
    with pytest.raises(ConfigError, match=f'{method} compares 2 views of an image, the data gives {count}'):
        loss_of(build(method), views(count) if count > 1 else views(1)[0])


@pytest.mark.parametrize(('method', 'apart'), [('BYOL', True), ('SimSiam', True), ('SimCLR', False), ('MoCoV3', True)])
def test_batch_norms_see_one_view_at_a_time_or_both(build, method, apart):
    model = build(method)
    loss_of(model, views())
    assert int(model.backbone.norm.num_batches_tracked) == int(model.neck.mlp[1].num_batches_tracked) == 1 + apart


@pytest.mark.parametrize('method', ['BYOL', 'MoCo', 'MoCoV3'])
def test_followers_begin_as_copies_and_features_are_not_theirs(build, method):
    model = build(method)
    follower = model.teacher if method == 'BYOL' else model.momentum_encoder
    for name, value in follower.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    features = model.eval().extract_feat(views()[0])
    for buffer in follower.buffers():
        buffer.fill_(3)
    assert torch.equal(features, model.extract_feat(views()[0]))


@pytest.mark.parametrize('method', ['BYOL', 'MoCo', 'MoCoV3'])
def test_followers_begin_as_copies_of_whatever_was_loaded_before(build, method):
    model = build(method)
    for parameter in (*model.backbone.parameters(), *model.neck.parameters()):
        parameter.data.add_(1)
    model.start()
    follower = model.teacher if method == 'BYOL' else model.momentum_encoder
    for name, value in follower.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


@pytest.mark.parametrize('method', TWO_VIEWS)
def test_the_joint_probe_sees_the_first_view(build, method):
    model, images, heard = build(method), views(), []
    plain = copy.deepcopy(model)
    model.probe_loss = lambda features, _: heard.append(features) or {}
    loss_of(model, images)
    together = torch.cat(images) if method == 'SimCLR' else images[0]
    torch.testing.assert_close(heard, [plain.extract_feat(together)[:BATCH]])


def test_byols_momentum_is_constant_unless_told_otherwise(build):
    model = build('BYOL')
    assert (model.base_momentum, model.final_momentum) == (0.99, 0.99)


@pytest.mark.parametrize(('final', 'momenta'), [(0.9, [0.9] * 6), (1.0, [0.9, 0.9067, 0.925, 0.95, 0.975, 0.9933])])
def test_byols_teacher_follows_real_steps_only(build, final, momenta):
    """Whatever the micro-batches; its momentum would reach the final one a step after the last."""
    model, heard = build('BYOL', base_momentum=0.9, final_momentum=final), []
    model.teacher.update = lambda momentum, **_: heard.append(momentum)
    for step in range(6):
        model.begin_step(Progress(step, steps_per_epoch=3, epochs=2, micro_batches=2))
        for _ in range(2):
            model(views(), mode='loss')
        model.end_step()
    assert heard == pytest.approx(momenta, abs=1e-4)


def test_mocov3s_encoder_follows_before_each_step_whatever_the_micro_batches(build):
    model, heard = build('MoCoV3', base_momentum=0.9), []
    model.momentum_encoder.update = lambda momentum, **_: heard.append(momentum)
    for step in range(6):
        model.begin_step(Progress(step, steps_per_epoch=3, epochs=2, micro_batches=2))
        assert len(heard) == step + 1
        for _ in range(2):
            model(views(), mode='loss')
        model.end_step()
    assert heard == pytest.approx([0.9, 0.9067, 0.925, 0.95, 0.975, 0.9933], abs=1e-4)


@pytest.mark.parametrize('method', [*TWO_VIEWS, 'MoCo'])
def test_batch_norms_need_two_images(build, method):
    with pytest.raises(ConfigError, match=r'(neck\.mlp\.1 needs two|views of two|needs two) images'):
        build(method).check_data({1}, None)


@pytest.mark.parametrize(('length', 'kept'), [(8, True), (4, False), (16, False)])
def test_the_queue_of_an_earlier_stage_is_kept_or_dropped(build, length, kept):
    earlier = build('MoCo', head=dict(HEADS['MoCo'], queue_length=length)).state_dict()
    earlier['head.queue_ptr'] += 3
    model = build('MoCo')
    own = model.head.queue.clone()
    state = model.from_earlier_stage(earlier)
    model.load_state_dict(state)
    assert torch.equal(model.head.queue, earlier['head.queue'] if kept else own)
    assert int(model.head.queue_ptr) == (3 if kept else 0)


def test_a_queue_of_another_width_is_not_taken_over(build):
    model, earlier = build('MoCo'), build('MoCo').state_dict()
    earlier['head.queue'] = torch.zeros(WIDTH + 1, 4)
    assert model.from_earlier_stage(earlier) is earlier
    assert model.from_earlier_stage({}) == {}


@pytest.mark.parametrize(
    ('method', 'options'),
    [
        ('MoCo', dict(momentum=1.5)),
        ('MoCo', dict(head=dict(HEADS['MoCo'], temperature=0.0))),
        ('MoCo', dict(head=dict(HEADS['MoCo'], temperature=float('inf')))),
        ('BYOL', dict(base_momentum=-1)),
        ('BYOL', dict(final_momentum=float('nan'))),
        ('MoCoV3', dict(base_momentum=1.1)),
        ('MoCoV3', dict(final_momentum=-0.1)),
        ('MoCoV3', dict(head=dict(HEADS['MoCoV3'], temperature=0))),
        ('SimCLR', dict(neck=dict(out_channels=0))),
    ],
)
def test_numbers_that_can_not_be_meant_are_refused(build, method, options):
    with pytest.raises(ConfigError, match=r'but must be a (whole )?number'):
        build(method, **options)


def test_mocov3_compares_embeddings_of_one_width(build):
    head = dict(HEADS['MoCoV3'], predictor={**HEADS['MoCoV3']['predictor'], 'out_channels': 7})
    with pytest.raises(ConfigError, match=r'neck\.out_channels is 5 but model\.head\.predictor\.out_channels is 7'):
        build('MoCoV3', head=head)
