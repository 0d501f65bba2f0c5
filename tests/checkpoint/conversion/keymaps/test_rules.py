import pytest

from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.errors import CheckpointError

KEYS = KeyMap(
    family='toy',
    rules=(('token', 'net.token'), ('block.{i}.fc{j}.', 'net.layers.{i}.ffn.{j}.'), ('norm.', 'net.ln.')),
    left_out=(r'head\..+',),
)


def test_both_ways():
    official = {'token': 0, 'block.3.fc1.weight': 1, 'block.12.fc2.bias': 2, 'norm.weight': 3}
    ours = KEYS.to_ours(official)
    assert ours == {'net.token': 0, 'net.layers.3.ffn.1.weight': 1, 'net.layers.12.ffn.2.bias': 2, 'net.ln.weight': 3}
    assert KEYS.to_official(ours) == official


def test_left_out_names_are_listed():
    state = {'token': 0, 'head.mlp.0.weight': 1}
    assert KEYS.to_ours(state) == {'net.token': 0}
    assert KEYS.without_counterpart(state) == ['head.mlp.0.weight']


@pytest.mark.parametrize(
    'name', ['tokens', 'atoken', 'norm', 'norm.a.b', 'block.3.fc1', 'block.a.b.fc1.weight', 'head']
)
def test_unknown_name(name):
    with pytest.raises(CheckpointError, match=f'1 of 2 names are unknown to family "toy": {name}'):
        KEYS.to_ours({'token': 0, name: 1})


def test_unknown_name_of_ours():
    with pytest.raises(CheckpointError, match=r'5 of 5 .* net.x0, net.x1, net.x2, net.x3 ...'):
        KEYS.to_official({f'net.x{i}': i for i in range(5)})


def test_names_of_ours_that_official_files_lack():
    keymap = KeyMap(family='toy', rules=(('norm.', 'net.ln.'),), added=(r'head\..+',))
    assert keymap.to_official({'net.ln.bias': 1, 'head.queue': 2}) == {'norm.bias': 1}
    with pytest.raises(CheckpointError, match='unknown'):
        keymap.to_ours({'head.queue': 2})


def test_known_names():
    assert KEYS.knows(['token', 'block.3.fc1.weight', 'head.mlp.0.weight'])
    assert not KEYS.knows(['token', 'net.token'])
