import pytest
import torch

from sslrecipes.checkpoint.conversion.convert import our_weights
from sslrecipes.checkpoint.conversion.layouts import unwrap, wrap
from sslrecipes.errors import CheckpointError


def test_unwrapping_follows_the_official_order(golden):
    cases = golden('tec/ckpt_formats')[0]['cases']
    assert cases
    for name, case in cases.items():
        checkpoint = {
            entry: {key: torch.zeros(1) for key in held} if isinstance(held, list) else torch.zeros(1)
            for entry, held in case['input'].items()
        }
        state, entry = unwrap(checkpoint)
        assert list(state) == case['output_keys'], name
        assert entry == {'model_beats_student': 'model'}.get(name, name)


def test_absent_entry_is_named():
    with pytest.raises(CheckpointError, match='no weights "teacher"; it has state_dict'):
        unwrap({'state_dict': {}, 'epoch': 1}, 'teacher')
    with pytest.raises(CheckpointError, match='no weights "model"'):
        unwrap({'model': 'vit_base', 'student': {}})


@pytest.mark.parametrize(
    ('family', 'follower', 'trained'),
    [
        ('dino', 'teacher', 'student'),
        ('sslight-dino', 'teacher', 'student'),
        ('sslight-moco', 'encoder_k', 'encoder_q'),
    ],
)
def test_a_network_takes_the_place_of_the_trained_one(full_checkpoint, family, follower, trained):
    checkpoint = full_checkpoint(family)
    everything, only = our_weights(checkpoint, 'a'), our_weights(checkpoint, 'a', follower)
    inside = {'dino': 'teacher.', 'sslight-dino': 'teacher.', 'sslight-moco': 'momentum_encoder.'}[family]
    networks = {name for name in only if name.startswith(('backbone.', 'neck.'))}
    assert networks == {name.removeprefix(inside) for name in everything if name.startswith(inside)}
    assert all(only[name] is everything[inside + name] for name in networks)
    assert not any(name.startswith(inside) for name in only)
    own = our_weights(checkpoint, 'a', trained)
    assert all(own[name] is everything[name] for name in networks)
    assert not any(name.startswith(inside) for name in own)


def test_absent_network_is_named(full_checkpoint):
    with pytest.raises(CheckpointError, match=r'no weights "teachr"; it has student, teacher\. Did you mean "teacher"'):
        unwrap(full_checkpoint('sslight-dino'), 'teachr')
    with pytest.raises(CheckpointError, match='no weights "teacher"; it has network'):
        unwrap(full_checkpoint('sslight-swav'), 'teacher')


def test_centre_goes_into_the_loss(full_checkpoint):
    for family, entry in {'dino': 'dino_loss', 'sslight-dino': 'loss'}.items():
        checkpoint = full_checkpoint(family)
        assert our_weights(checkpoint, 'a')['head.center'] is checkpoint[entry]['center']
        assert wrap(unwrap(checkpoint)[0], family)[entry] == checkpoint[entry]


def test_other_programs_get_what_they_load():
    state = {'a': torch.zeros(1)}
    assert wrap(state, 'torchvision-vit') == wrap(state, 'timm-mobilenetv2') == state
    held = wrap(state, 'detectron2')
    assert held == {'model': state, '__author__': 'sslrecipes', 'matching_heuristics': True}
    assert unwrap(held) == (state, 'model')


@pytest.mark.parametrize('batch_norm', [False, True])
def test_teacher_of_dino_is_in_ddp_only_with_batch_norm(full_checkpoint, batch_norm):
    checkpoint = full_checkpoint('dino', batch_norm)
    back = wrap(unwrap(checkpoint)[0], 'dino')
    assert list(back['student']) == list(checkpoint['student'])
    assert list(back['teacher']) == list(checkpoint['teacher'])
    assert all(name.startswith('module.') for name in back['student'])
    assert all(name.startswith('module.') == batch_norm for name in back['teacher'])


@pytest.mark.parametrize('entry', [3, None, [1]])
def test_strange_entries_are_not_networks(full_checkpoint, entry):
    state = full_checkpoint('sslight-dino')['state_dict']
    assert 'loss.center' not in unwrap({'state_dict': state, 'loss': entry})[0]
    assert unwrap({'state_dict': state, 'dino_loss': entry})[0].keys() == unwrap({'state_dict': state})[0].keys()
    with pytest.raises(CheckpointError, match='holds no weights'):
        our_weights({'dino_loss': {'center': 0}, 'student': entry, 'teacher': {}}, 'a')
