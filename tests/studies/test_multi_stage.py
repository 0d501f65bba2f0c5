"""A second stage of pre-training goes on from the whole model of the first: queue, followers, predictor."""

from pathlib import Path

import pytest
import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.config.reading import read_config
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod
from sslrecipes.studies.run_study import Wishes, run_study

RECIPE = """
_base_ = ['sslrecipes::_base_/default_runtime.py']
data_preprocessor = dict(type='SelfSupDataPreprocessor', mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)
neck = dict(type='MLPNeck', in_channels=64, hidden_channels=16, out_channels=8, with_bn=True)
predictor = dict(in_channels=8, hidden_channels=16, out_channels=8, with_bn=True)
heads = dict(
    MoCo=dict(type='MoCoHead', loss_weights=(1.0,), feat_channels=8, queue_length=32),
    BYOL=dict(type='PredictionHead', predictor=predictor, distance='squared'))
model = dict(type='METHOD', backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8), neck=neck,
             head=heads['METHOD'])
views = dict(type='MultiCrop', global_size=32, global_scale=(0.5, 1.0), num_locals=0, backend='opencv')
train_dataloader = dict(
    batch_size=16, num_workers=0, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='Digits', split='train', indices=64, pipeline=[views, dict(type='PackInputs')]))
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4))
param_scheduler = dict(type='WarmupCosineLR', per_epoch=True)
train_cfg = dict(type='SSLTrainLoop', max_epochs=2)
"""
STUDY = """
title = 'Half the resolution, then the whole'
stages = dict(
    half=dict(recipe='recipe.py', options=dict(image_size=16)),
    full=dict(recipe='recipe.py', after='half', options=OPTIONS),
)
table = dict(columns={'loss': 'loss'})
"""


def weights(file):
    return read_checkpoint(file)['state_dict']


def break_off(patch):
    """Let the second training that comes so far fail within its second epoch."""
    begin, come = MultiCropMethod.begin_step, []

    def fail(self, progress):
        come.extend([self] * (progress.step == 5))
        if len(come) == 2:
            raise RuntimeError('broken off')
        begin(self, progress)

    patch.setattr(MultiCropMethod, 'begin_step', fail)


@pytest.mark.parametrize(
    ('method', 'options', 'said'),
    [
        ('MoCo', {}, 'The queue of 32 keys is kept'),
        ('MoCo', {'model.head.queue_length': 48}, 'The queue is dropped: it has 32 keys, this model 48'),
        ('BYOL', {}, None),
    ],
    ids=['MoCo', 'another queue', 'BYOL'],
)
def test_the_second_stage_goes_on_and_resumes(method, options, said, here, tmp_path, monkeypatch):
    here(monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path('recipe.py').write_text(RECIPE.replace('METHOD', method))
    Path('study.py').write_text(STUDY.replace('OPTIONS', repr(options)))
    run_study('study.py', Wishes(work_dir=Path('whole')))
    assert said is None or said in Path('whole/full/console.log').read_text()
    assert read_config('whole/full/recipe.py').load_from == 'whole/half/epoch_2.pth'
    with monkeypatch.context() as patch:
        break_off(patch)
        with pytest.raises(SystemExit):
            run_study('study.py', Wishes(work_dir=Path('broken')))
    assert not Path('broken/full/epoch_2.pth').exists()
    run_study('study.py', Wishes(work_dir=Path('broken')))
    assert 'after 1 epoch and 4 iterations' in Path('broken/full/console.log').read_text()
    ends = [weights(f'{folder}/full/epoch_2.pth') for folder in ('whole', 'broken')]
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
