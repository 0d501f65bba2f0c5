import pytest
import torch

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.checkpoint.networks import read_network


@pytest.mark.parametrize(
    'prefix',
    [
        *('teacher.backbone.', 'momentum_encoder.backbone.'),
        *('momentum_encoder.module.0.', 'target_net.module.0.', 'encoder_k.module.0.', 'teacher.'),
    ],
)
def test_momentum_networks_of_ours_and_of_mmpretrain(prefix, tmp_path):
    state = {
        'backbone.conv1.weight': torch.zeros(1),
        f'{prefix}conv1.weight': torch.ones(1),
        'neck.fc.weight': torch.ones(1),
    }
    path = save_torch(tmp_path / 'run.pth', {'state_dict': state})
    for part, value in (('student', 0), ('teacher', 1)):
        weights = read_network(path, part).weights
        assert {name: int(weight) for name, weight in weights.items()} == {'conv1.weight': value}
