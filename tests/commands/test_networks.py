import hashlib

import torch
from mmengine.config import Config

from sslrecipes.commands.networks import build_network, origin_facts


def test_the_config_s_own_normalisation_is_used_unless_the_model_has_one(mae_cfg):
    own = mae_cfg.pop('data_preprocessor')
    common = {**own, 'mean': [1.0, 2.0, 3.0]}
    for model, red in ((mae_cfg, 1.0), ({**mae_cfg, 'data_preprocessor': own}, 123.675)):
        built = build_network(Config(dict(model=model, data_preprocessor=common)))
        torch.testing.assert_close(built.data_preprocessor.mean[0], torch.full((1, 1), red))


def test_files_are_named_without_their_folders(tmp_path):
    (tmp_path / 'epoch_1.pth').write_bytes(b'weights')
    assert origin_facts(tmp_path / 'mae.py', tmp_path / 'epoch_1.pth') == {
        'config': 'mae.py',
        'checkpoint': f'epoch_1.pth (SHA-256 {hashlib.sha256(b"weights").hexdigest()})',
    }
