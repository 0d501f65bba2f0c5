import pytest
import torch

from sslrecipes.checkpoint.reading import read_checkpoint
from sslrecipes.checkpoint.writing import save_safetensors, save_torch, write_atomic


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / 'a.pth'
    path.write_text('old')

    def half(file):
        file.write_text('ne')
        raise OSError('disk full')

    with pytest.raises(OSError, match='disk full'):
        write_atomic(path, half)
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


def test_new_folders_are_made_and_no_temporary_file_stays(tmp_path):
    path = write_atomic(tmp_path / 'x' / 'y' / 'a.txt', lambda file: file.write_text('new'))
    assert path.read_text() == 'new'
    assert list(path.parent.iterdir()) == [path]


def test_safetensors_takes_views_and_shared_tensors(tmp_path):
    weight = torch.randn(4, 6)
    state = {'a': weight, 'b': weight, 'part': weight[1:], 'transposed': weight.T}
    save_safetensors(tmp_path / 'a.safetensors', state, {'method': 'MAE'})
    read = read_checkpoint(tmp_path / 'a.safetensors')
    assert read['meta'] == {'format': 'pt', 'method': 'MAE'}
    assert all(torch.equal(read['state_dict'][name], state[name]) for name in state)


def test_torch_file(tmp_path):
    save_torch(tmp_path / 'a.pth', {'state_dict': {'w': torch.ones(2)}, 'epoch': 3})
    assert torch.load(tmp_path / 'a.pth', weights_only=True)['epoch'] == 3
