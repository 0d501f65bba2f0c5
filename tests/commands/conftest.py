"""A training and an evaluation on digits, and tools called as a user calls them."""

import runpy
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
TRAINING = """
_base_ = ['sslrecipes::_base_/default_runtime.py']
arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
data_preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
model = dict(
    type='MAE',
    backbone=dict(type='MaskedViT', arch=arch, img_size=8, patch_size=2),
    neck=dict(type='MAEDecoder', num_patches=16, patch_size=2, embed_dim=16, decoder_embed_dim=8, decoder_depth=1,
              decoder_num_heads=2),
    head=dict(type='MAEPretrainHead', norm_pix=True, patch_size=2,
              loss=dict(type='PixelReconstructionLoss', criterion='L2')))
train_dataloader = dict(
    batch_size=32, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', indices=64, pipeline=[dict(type='PackInputs')]))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3), constructor='ParamGroupsConstructor')
param_scheduler = dict(type='WarmupCosineLR')
train_cfg = dict(type='SSLTrainLoop', max_epochs=2)
"""
EVALUATION = """
_base_ = ['sslrecipes::_base_/default_runtime.py', 'sslrecipes::_base_/evaluation/knn.py']
arch = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
model = dict(type='FeatureModel', data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
             backbone=dict(type='VisionTransformer', arch=arch, img_size=8, patch_size=2, out_type='raw'))
test_dataloader = dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='val', pipeline=[dict(type='PackInputs')]))
test_cfg = dict(ks=(5,), bank=dict(
    batch_size=64, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', pipeline=[dict(type='PackInputs')])))
test_evaluator = []
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'mae_digits.py'
    path.write_text(TRAINING)
    return path


@pytest.fixture
def evaluation(tmp_path):
    path = tmp_path / 'knn_digits.py'
    path.write_text(EVALUATION)
    return path


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Run a tool in this process with a command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(tool, *args):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, args)])
        runpy.run_path(str(TOOLS / tool), run_name='__main__')

    return run


@pytest.fixture
def files_in():
    """Function that reads every file below a folder."""
    return lambda folder: {path: path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.fixture
def first_log():
    """Function that reads the log of the first start of a run."""
    return lambda folder: next(folder.glob('*/*.log')).read_text()
