"""A run's checkpoint without an entry, or with an odd one, is refused in a sentence whatever its digest says."""

import copy

import pytest
import torch

from sslrecipes.checkpoint.files.run_schema import check_run, read_run_meta
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError


@pytest.fixture
def whole():
    weight = torch.ones(2, 3)
    return {
        'meta': {
            'epoch': 2, 'iter': 9, 'seed': 0, 'circumstances': {'seed': '0'}, 'dataset': {'number of images': '64'},
            'batches_per_epoch': 4, 'images_per_batch': 16, 'ancestors': [['/a/epoch_1.pth', 'abc']], 'cfg': 'a = 1\n',
            'dataset_meta': None, 'experiment_name': 'mae', 'time': '20260101_000000',
        },
        'state_dict': {'weight': weight},
        'optimizer': {
            'state': {0: {'step': torch.tensor(9.0), 'exp_avg': weight}},
            'param_groups': [{'lr': 0.1, 'params': [0]}, {'lr': 0.1, 'params': [1, 2]}],
        },
        'param_schedulers': [{'last_step': 9}],
        'message_hub': {
            'log_scalars': {'train/loss': [[0.5, 0.25], [1, 1]]},
            'runtime_info': {'iter': 8},
            'resumed_keys': {'train/loss': True},
        },
        'rank_buffers': [{'queue': weight}, {'queue': weight}],
    }  # fmt: skip


def places(node, path=()):
    """Places of all the entries that the schema knows."""
    for key, value in node.items():
        yield (*path, key)
        if isinstance(value, dict) and (*path, key) in {('meta',), ('optimizer',), ('message_hub',)}:
            yield from places(value, (*path, key))


def changed(checkpoint, place, value=None, delete=False):
    checkpoint = copy.deepcopy(checkpoint)
    *folders, name = place
    node = checkpoint
    for folder in folders:
        node = node[folder]
    if delete:
        del node[name]
    else:
        node[name] = value
    return checkpoint


def test_a_whole_one(whole, tmp_path):
    check_run(whole, 'x.pth')
    assert read_run_meta(save_torch(tmp_path / 'x.pth', whole))['iter'] == 9
    check_run(changed(whole, ('meta', 'iter'), 12), 'x.pth')  # all batches of the third epoch
    check_run({**whole, 'online_probe': 1, 'rank_buffers': [], 'param_schedulers': []}, 'x.pth')


def test_a_value_that_changed_on_the_disk_is_noticed_unless_the_seal_was_looked_at_before(whole, tmp_path):
    path = save_torch(tmp_path / 'x.pth', whole)
    ones = whole['state_dict']['weight'].numpy().tobytes()
    path.write_bytes(path.read_bytes().replace(ones, ones[::-1]))
    with pytest.raises(CheckpointError, match='does not agree with the digest it carries'):
        read_run_meta(path)
    assert read_run_meta(path, sealed=False)['iter'] == 9


def test_an_older_one(whole):
    for name in ('ancestors', 'cfg', 'dataset_meta', 'experiment_name', 'time'):
        del whole['meta'][name]
    check_run(whole, 'x.pth')


def test_every_entry_is_needed(whole):
    optional = {'ancestors', 'cfg', 'dataset_meta', 'experiment_name', 'time'}
    unlike_a_run = {'meta', 'circumstances'}  # any file of weights lacks them
    for place in places(whole):
        if place[-1] not in optional:
            told = 'no run to go on with' if place[-1] in unlike_a_run else f'{place[-1]} is missing|is a dict that'
            with pytest.raises(CheckpointError, match=told):
                check_run(changed(whole, place, delete=True), 'x.pth')


@pytest.mark.parametrize('value', [None, 'x', -5, 1.5, True, [1], {'a': 1}, [[1]], {1: {}}, torch.ones(2)], ids=repr)
def test_no_entry_may_be_anything(whole, value):
    """Where it happens to be right it is taken, and nothing but the one kind of error is raised."""
    sentences = []
    for place in places(whole):
        try:
            check_run(changed(whole, place, value), 'x.pth')
        except CheckpointError as error:
            sentences.append(str(error))
    assert len(sentences) >= 20
    assert all(sentence.startswith('"x.pth" ') and '\n' not in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ('place', 'value', 'told'),
    [
        (('meta', 'epoch'), 10**9, 'meta.epoch=1000000000 and meta.iter=9 contradict meta.batches_per_epoch=4'),
        (('meta', 'epoch'), True, 'meta.epoch is True'),
        (('meta', 'iter'), 13, 'meta.iter=13 contradict'),
        (('meta', 'iter'), -5, 'meta.iter is -5'),
        (('meta', 'batches_per_epoch'), 0, 'meta.batches_per_epoch is 0'),
        (('meta', 'seed'), 1 << 40, 'meta.seed is 1099511627776'),
        (('meta', 'circumstances'), [1], 'meta.circumstances is a list'),
        (('meta', 'circumstances'), {'lr': 1}, 'meta.circumstances is a dict'),
        (('meta', 'ancestors'), [['/a']], 'meta.ancestors'),
        (('state_dict', 'weight'), [1.0], 'state_dict is a dict'),
        (('optimizer', 'param_groups'), [{'lr': 1}], 'optimizer is a dict'),
        (('optimizer', 'param_groups'), [{'params': [0, 0]}], 'optimizer is a dict'),
        (('optimizer', 'state'), {'0': {}}, 'optimizer is a dict'),
        (('message_hub', 'log_scalars'), {'loss': [[1.0], []]}, 'message_hub is a dict'),
        (('rank_buffers',), [{'queue': 1}], 'rank_buffers is a list'),
        (('param_schedulers',), {'last_step': 1}, 'param_schedulers is a dict'),
    ],
)
def test_what_is_told(whole, place, value, told):
    with pytest.raises(CheckpointError) as refusal:
        check_run(changed(whole, place, value), 'x.pth')
    assert told in str(refusal.value)


def test_weights_alone(tmp_path):
    with pytest.raises(CheckpointError, match=r'no run to go on with: .* give it as load_from'):
        read_run_meta(save_torch(tmp_path / 'x.pth', {'meta': {'epoch': 1}, 'state_dict': {}}))
