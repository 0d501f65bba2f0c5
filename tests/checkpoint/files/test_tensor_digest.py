import pickle

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint, read_safetensors
from sslrecipes.checkpoint.files.tensor_digest import DIGEST, tensor_digest
from sslrecipes.checkpoint.files.writing import save_safetensors
from sslrecipes.errors import CheckpointError

STATE = {
    'a': torch.arange(6.0).view(2, 3).t(),
    'half': torch.ones(3, dtype=torch.bfloat16),
    'number': torch.tensor(3),
    'none': torch.zeros(0, 4),
    'flag': torch.tensor([True, False]),
}


def test_values_types_shapes_names_and_texts_count():
    same = tensor_digest(STATE, {'x': 'y'})
    assert tensor_digest({name: STATE[name].clone() for name in reversed(STATE)}, {'x': 'y', DIGEST: 'z'}) == same
    others = [{**STATE, 'a': STATE['a'] + 1}, {**STATE, 'a': STATE['a'].half()}, {**STATE, 'a': STATE['a'].reshape(-1)}]
    others += [{**STATE, 'half': STATE['half'].view(torch.int16)}]
    others += [{**STATE, 'none': torch.zeros(4, 0)}, {**STATE, 'b': torch.zeros(0)}, {}]
    digests = [tensor_digest(other, {'x': 'y'}) for other in others] + [tensor_digest(STATE, {'x': 'z'})]
    assert len({same, *digests}) == 1 + len(digests)


def test_every_flip_in_our_safetensors_is_noticed_or_changes_nothing(tmp_path):
    path = save_safetensors(tmp_path / 'a.safetensors', STATE, {'method': 'MAE'})
    good, (state, texts) = path.read_bytes(), read_safetensors(path, required=True)
    assert texts == {'format': 'pt', 'method': 'MAE'}
    assert all(torch.equal(state[name], value) for name, value in STATE.items())
    noticed = 0
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :])
        try:
            state, texts = read_safetensors(path, required=True)
        except CheckpointError:
            noticed += 1
        else:
            assert texts == {'format': 'pt', 'method': 'MAE'}
            assert all(torch.equal(state[name], value) for name, value in STATE.items())
    assert noticed > 0.9 * len(good)


def test_files_of_others_have_no_digest(tmp_path):
    from safetensors.torch import save_file

    save_file({'a': torch.zeros(2)}, tmp_path / 'a.safetensors')
    assert read_checkpoint(tmp_path / 'a.safetensors')['state_dict']['a'].tolist() == [0, 0]
    with pytest.raises(CheckpointError, match='carries no digest'):
        read_safetensors(tmp_path / 'a.safetensors', required=True)


def test_a_pickle_has_it_beside_its_weights(tmp_path):
    weights, path = torch.full((3,), 0.5), tmp_path / 'a.pkl'
    content = pickle.dumps({'model': {'a': weights.numpy()}, DIGEST: tensor_digest({'a': weights}, {})}, 2)
    path.write_bytes(content)
    assert read_checkpoint(path)['model']['a'].tolist() == [0.5] * 3
    path.write_bytes(content.replace(weights.numpy().tobytes(), (weights / 4).numpy().tobytes()))
    with pytest.raises(CheckpointError, match='does not agree with the digest it carries'):
        read_checkpoint(path)
