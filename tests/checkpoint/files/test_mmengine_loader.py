import io
import os
import pickle

import mmengine
import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import CheckpointLoader, Runner, checkpoint, load_checkpoint
from torch import nn
from torch.utils.data import Dataset

import sslrecipes.checkpoint
from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.errors import CheckpointError


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f'touch {self.path}',))


class Toy(BaseModel):
    def __init__(self):
        super().__init__()
        self.norm, self.fc = nn.BatchNorm1d(2), nn.Linear(2, 2)

    def forward(self, inputs, mode='loss'):
        return dict(loss=self.fc(self.norm(torch.stack(inputs))).sum())


class Points(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return dict(inputs=torch.full((2,), float(index)))


def runner(folder, epochs, **options):
    loader = dict(dataset=Points(), batch_size=4, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True))
    return Runner(
        Toy(),
        work_dir=str(folder),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=0.1)),
        param_scheduler=[dict(type='CosineAnnealingLR', T_max=4)],
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        default_scope='mmengine',
        experiment_name=f'{folder.name}{epochs}',
        log_level='ERROR',
        **options,
    )


def test_runner_checkpoint_is_read_and_resumed(tmp_path):
    runner(tmp_path, epochs=1).train()
    held = read_checkpoint(tmp_path / 'epoch_1.pth')
    assert {'meta', 'state_dict', 'message_hub', 'optimizer', 'param_schedulers'} <= set(held)
    assert held['message_hub']['log_scalars']['train/loss'].data[0].shape == (2,)
    resumed = runner(tmp_path, epochs=2, resume=True)
    resumed.train()
    assert resumed.iter == 4
    assert resumed.message_hub.log_scalars['train/loss'].data[0].shape == (4,)


def evil_file(folder):
    torch.save({'state_dict': {}, 'x': Evil(folder / 'sentinel')}, folder / 'evil.pth')
    return folder / 'evil.pth'


def test_mmengine_runs_no_code(tmp_path):
    path = evil_file(tmp_path)
    calls = [
        lambda: CheckpointLoader.load_checkpoint(str(path)),
        lambda: load_checkpoint(Toy(), str(path)),
        lambda: checkpoint._load_checkpoint_with_prefix('backbone.', str(path)),
        lambda: checkpoint._safe_torch_load(str(path)),
        lambda: checkpoint._safe_torch_load(io.BytesIO(path.read_bytes())),
        lambda: runner(tmp_path / 'work', epochs=1).load_checkpoint(str(path)),
    ]
    for call in calls:
        with pytest.raises(CheckpointError, match='refused'):
            call()
    assert not (tmp_path / 'sentinel').exists()


def test_zoo_schemes_use_the_same_reader(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        sslrecipes.checkpoint.files.mmengine_loader, 'read_checkpoint', lambda *args: seen.append(args) or {}
    )
    monkeypatch.setattr(checkpoint, 'get_torchvision_models', lambda: {'resnet50': 'https://x.org/r50.pth'})
    CheckpointLoader.load_checkpoint('torchvision://resnet50', 'cpu')
    CheckpointLoader.load_checkpoint('https://x.org/a.pth')
    assert seen == [('https://x.org/r50.pth', 'cpu'), ('https://x.org/a.pth', None)]


def test_safetensors_through_mmengine(tmp_path):
    source, target = Toy(), Toy()
    sslrecipes.checkpoint.files.writing.save_safetensors(tmp_path / 'a.safetensors', source.state_dict())
    load_checkpoint(target, str(tmp_path / 'a.safetensors'), strict=True)
    assert torch.equal(target.fc.weight, source.fc.weight)


def test_local_files_get_our_errors_in_mmengine(tmp_path):
    with pytest.raises(CheckpointError, match='There is no checkpoint'):
        load_checkpoint(Toy(), str(tmp_path / 'absent.pth'))


@pytest.mark.parametrize('protocol', [0, 2, 4, 5])
def test_pickles_of_annotations_are_read(tmp_path, protocol):
    held = {'images': [{'name': 'ä.jpg', 'boxes': np.arange(8.0).reshape(2, 4)}], 'n': np.int64(3), 'raw': b'\xff'}
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(held, protocol))
    back = mmengine.load(tmp_path / 'a.pkl')
    assert (back['images'][0]['boxes'] == held['images'][0]['boxes']).all()
    assert back['n'] == 3
    assert back['raw'] == b'\xff'


@pytest.mark.parametrize('suffix', ['pkl', 'pickle'])
def test_pickles_of_code_are_refused(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f'a.{suffix}'
    for content in (
        pickle.dumps({'x': Evil('canary')}),
        pickle.dumps([Evil], 2),
        b'\x80\x02cbuiltins\neval\n.',
        b'\x80',
        b'',
    ):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match='refused, it is no pickle of plain values'):
            mmengine.load(path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
