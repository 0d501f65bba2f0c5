import pytest
import torch
from torch import nn

from sslrecipes.checkpoint import coverage
from sslrecipes.checkpoint.coverage import load_weights
from sslrecipes.errors import CoverageError


def network(depth=2, width=4):
    layers = nn.Sequential(*(nn.Sequential(nn.Linear(width, width), nn.BatchNorm1d(width)) for _ in range(depth)))
    return nn.ModuleDict({'stem': nn.Linear(3, width), 'layers': layers})


def under(prefix, state):
    return {f'{prefix}{name}': value for name, value in state.items()}


def same(module, state):
    return all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


@pytest.fixture
def refused():
    """``refused(module, state, match=..., **options)``: loading raises and changes nothing."""

    def check(module, state, match, **options):
        before = {name: value.clone() for name, value in module.state_dict().items()}
        with pytest.raises(CoverageError, match=match):
            load_weights(module, state, source='file.pth', **options)
        assert same(module, before)

    return check


def test_complete_file(monkeypatch):
    logged = []
    monkeypatch.setattr(coverage, 'print_log', lambda text, logger: logged.append(text))
    source, target = network(), network()
    state = under('backbone.', source.state_dict()) | {'neck.a': torch.ones(1), 'neck.b': torch.ones(1)}
    report = load_weights(target, state, source='file.pth', prefix='backbone.')
    assert same(target, source.state_dict())
    assert report.ratio == 1.0
    assert report.unexpected == ('neck.a', 'neck.b')
    assert logged == [report.summary()]
    assert report.summary().splitlines() == [
        'file.pth: 14 of 14 weights of ModuleDict loaded (100.0%)',
        '  not used (2): neck (2)',
    ]


def test_further_layers_of_the_file_may_be_named_to_be_ignored(refused):
    state = network(depth=3).state_dict()
    refused(network(), state, match=r'deeper network: layers\.2\.0\.weight')
    report = load_weights(network(), state, source='file.pth', ignore=('layers.2.',))
    assert report.complete
    assert 'layers.2.0.weight' in report.unexpected
    refused(network(), network(depth=4).state_dict(), match=r'deeper network: layers\.3', ignore=('layers.2.',))


def test_num_batches_tracked_is_not_wanted():
    source, target = network(), network()
    state = {name: value for name, value in source.state_dict().items() if 'num_batches' not in name}
    assert load_weights(target, state, source='file.pth').complete


def test_missing_buffer_and_parameter(refused):
    state = network().state_dict()
    del state['layers.0.1.running_mean'], state['stem.bias']
    refused(
        network(),
        state,
        r'"file.pth" fills 12 of 14 weights of ModuleDict; missing: stem.bias, layers.0.1.running_mean',
    )


def test_long_lists_are_cut(refused):
    refused(
        network(depth=6), network(depth=2).state_dict(), 'missing: layers.2.0.weight, .*layers.3.0.bias and 16 more'
    )


def test_other_width(refused):
    refused(network(), network(width=5).state_dict(), r'other shape: stem.weight \(file \(5, 3\), model \(4, 3\)\)')


def test_deeper_file(refused):
    deeper = network(depth=3).state_dict()
    refused(network(), deeper, 'the file comes from a deeper network: layers.2.0.weight, layers.2.0.bias')
    assert load_weights(network(), deeper, source='file.pth', allow_partial=True).surplus[0] == 'layers.2.0.weight'


@pytest.mark.parametrize(
    ('held', 'given', 'hint'),
    [
        ('backbone.', '', "the keys match under prefix 'backbone.'"),
        ('encoder.net.', 'backbone.', "the keys match under prefix 'encoder.net.'"),
        ('', 'backbone.', 'the keys match without a prefix'),
    ],
)
def test_wrong_prefix_is_named(refused, held, given, hint):
    refused(network(), under(held, network().state_dict()), f'fills 0 of 14.*{hint}', prefix=given)


def test_right_prefix_gets_no_hint():
    with pytest.raises(CoverageError) as caught:
        load_weights(network(3), under('backbone.', network(2).state_dict()), source='file.pth', prefix='backbone.')
    assert 'prefix' not in str(caught.value)


def test_ignored_names_may_be_absent_or_present():
    source, target = network(), network()
    kept = target['layers'][1][1].weight.detach().clone().fill_(7)
    target['layers'][1][1].weight.data.copy_(kept)
    state = {name: value for name, value in source.state_dict().items() if not name.startswith('layers.1.1')}
    report = load_weights(target, state, source='file.pth', ignore=('layers.1.1.',))
    assert report.complete
    assert len(report.fresh) == 4
    assert 'left as initialised (4): layers.1.1.weight' in report.summary()
    assert torch.equal(target['layers'][1][1].weight, kept)
    load_weights(target, source.state_dict(), source='file.pth', ignore=('layers.1.1.',))
    assert same(target, source.state_dict())


def test_ignore_means_whole_parts(refused):
    state = network().state_dict()
    del state['stem.bias']
    refused(network(), state, 'missing: stem.bias', ignore=('ste', 'stem.b'))


def test_partial_loading_takes_what_fits(refused):
    source, target = network(), network()
    state = source.state_dict() | {'stem.weight': torch.ones(4, 5)}
    del state['stem.bias']
    report = load_weights(target, state, source='file.pth', allow_partial=True)
    assert report.ratio == 12 / 14
    assert torch.equal(target['layers'][0][0].weight, source['layers'][0][0].weight)
    refused(network(), {'a': torch.ones(1)}, 'fills 0 of 14', allow_partial=True)


def test_position_embedding_of_another_grid_is_resized(vit):
    source, target = vit(img_size=16), vit(img_size=32)
    report = load_weights(target, source.state_dict(), source='file.pth')
    assert report.complete
    assert target.pos_embed.shape == (1, 17, 16)
    assert torch.equal(target.pos_embed[:, 0], source.pos_embed[:, 0])
    assert torch.equal(target.cls_token, source.cls_token)


def test_position_embedding_that_cannot_be_resized(vit, refused):
    state = vit().state_dict() | {'pos_embed': torch.zeros(1, 4, 16)}
    refused(vit(img_size=32), state, r'other shape: pos_embed \(file \(1, 4, 16\), model \(1, 17, 16\)\)')


@pytest.mark.parametrize(
    ('sizes', 'message'),
    [
        ({'depth': 3}, 'missing: layers.2.ln1.weight'),
        ({'depth': 1}, 'deeper network: layers.1.ln1.weight'),
        ({'embed_dim': 32}, r'other shape: cls_token \(file \(1, 1, 16\), model \(1, 1, 32\)\)'),
        ({'patch_size': 4}, r'patch_embed.projection.weight \(file \(16, 3, 8, 8\), model \(16, 3, 4, 4\)\)'),
    ],
)
def test_vit_of_another_size(vit, refused, sizes, message):
    refused(vit(**sizes), vit().state_dict(), message)
