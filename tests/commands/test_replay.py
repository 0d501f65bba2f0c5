import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.dataset import default_collate
from PIL import Image

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.commands.replay import Replay, rebuild_model, replay, save_images, to_rgb
from sslrecipes.engine.nonfinite.detection import Finding, MicroBatch
from sslrecipes.engine.nonfinite.record import read_micro_batches, to_plain
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import CheckpointError, ConfigError, RunError
from sslrecipes.models.targets import TECBaseModel
from sslrecipes.registry import DATASETS

TOOL = Path(__file__).resolve().parents[2] / 'tools/replay.py'


@pytest.fixture
def saved(mae_on_digits, poison):
    """Function that trains until the sixth micro-batch, which is spoilt, and returns what was saved."""

    def train(spoilt=5, **optim_wrapper):
        mae_on_digits.optim_wrapper.update(optim_wrapper)
        mae_on_digits.default_hooks.nonfinite = dict(type='NonFiniteHook')
        runner = SSLRunner.from_cfg(mae_on_digits)
        runner.register_hook(poison(spoilt))
        with pytest.raises(RunError):
            runner.train()
        return next(Path(runner.work_dir, 'nonfinite').glob('*'))

    return train


def test_the_tool_reproduces_the_step_in_a_process_of_its_own(saved, tmp_path):
    path = saved(accumulative_counts=2)
    command = [sys.executable, TOOL, path, '--images', tmp_path / 'batch.png']
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    finite = read_checkpoint(path)['losses'][0]
    assert f'micro-batch 5: loss {finite!r}, reproduced' in lines
    assert 'micro-batch 6: loss nan, reproduced' in lines
    assert any(line.startswith('first output that is not finite: data_preprocessor (SelfSup') for line in lines)
    assert any(line.startswith('  inputs: float32 (16, 3, 8, 8)') and 'not finite: no. 0,' in line for line in lines)
    assert '  backbone.cls_token' in lines
    assert lines[-2] == 'reproduced'
    assert Image.open(tmp_path / 'batch.png').width > 4 * 160


def test_frozen_base_model_is_in_the_file(saved, mae_on_digits, monkeypatch):
    monkeypatch.setattr(TECBaseModel, 'init_weights', lambda self: None)  # random weights; there is no file to load
    arch = mae_on_digits.model.backbone.arch
    vit = dict(arch=arch, img_size=8, patch_size=2)
    neck = dict(embed_dims=16, num_layers=2, num_groups=1, num_patches=16, target_heads=2)
    neck.update(decoder_embed_dims=8, decoder_num_heads=2)
    mae_on_digits.model = dict(
        type='TEC',
        data_preprocessor=mae_on_digits.model.data_preprocessor,
        backbone=dict(type='TECViT', **vit),
        neck=dict(type='TECNeck', **neck),
        head=dict(type='TECHead'),
        target_generator=dict(type='TECBaseModel', topk=3, **vit),
    )
    replayed = replay(saved(spoilt=-1, type='AmpOptimWrapper', dtype='float16', loss_scale=1e30))
    assert replayed.reproduced
    assert replayed.logged[0].keys() == {'loss', 'loss_fea', 'loss_att', 'target_entropy'}


def test_overflowing_gradient_is_reproduced(saved):
    path = saved(spoilt=-1, type='AmpOptimWrapper', dtype='float16', loss_scale=1e30)
    replayed = replay(path)
    assert replayed.reproduced
    assert not replayed.finding.bad_loss
    assert replayed.finding.gradients == tuple(replayed.record['gradients'])
    assert 'float16 on cpu' in next(replayed.lines())


def test_another_loss_is_told(saved, tmp_path):
    record = read_checkpoint(saved())
    record['micro_batches'][0]['batch']['inputs'][0] = 0
    save_torch(tmp_path / 'mended.pth', record)
    replayed = replay(tmp_path / 'mended.pth')
    assert not replayed.reproduced
    assert 'NOT reproduced: it was nan' in '\n'.join(replayed.lines())


def test_model_of_another_recipe_is_refused(saved, tmp_path):
    record = read_checkpoint(saved())
    record['model']['backbone']['arch']['num_layers'] = 3
    with pytest.raises(ConfigError, match=r'differ in "backbone\.layers\.2'):
        rebuild_model(record)


def test_recipe_can_be_given(saved, mae_on_digits, tmp_path):
    path = saved()
    (tmp_path / 'recipe.py').write_text(mae_on_digits.pretty_text)
    assert replay(path, config=tmp_path / 'recipe.py').reproduced


def test_odd_records_end_in_a_sentence(saved, tmp_path):
    record, plain = read_checkpoint(saved()), {'dtype': None, 'accumulative_counts': 1, 'loss_scale': 1.0}
    for entry, value in [
        ('micro_batches', []),
        ('micro_batches', [{'batch': {}}]),
        ('micro_batches', [5]),
        ('micro_batches', [{'seed': 1, 'iteration': 0, 'batch': {'inputs': 5}, 'progress': None}]),
        ('micro_batches', [{'seed': 'x', 'iteration': None, 'batch': {}, 'progress': [7]}]),
        ('threads', 10**9),
        ('threads', 'x'),
        ('precision', {**plain, 'dtype': 'hub'}),
        ('precision', {**plain, 'accumulative_counts': 'x'}),
        ('precision', {}),
        ('position', {'iter': 'x'}),
        ('losses', ['x']),
        ('lr', [None]),
        ('state', {'x': 5}),
        ('model', {'type': 'os.system', 'command': 'true'}),
        ('model', {'type': 'MAE'}),
        ('scope', 'antigravity'),
    ]:
        save_torch(tmp_path / 'odd.pth', {**record, entry: value})
        with pytest.raises(CheckpointError) as caught:
            replay(tmp_path / 'odd.pth')
        assert '\n' not in str(caught.value)


def test_pictures_show_whatever_can_be_shown(saved, tmp_path):
    replayed = replay(saved())
    assert save_images(replayed, tmp_path / 'batch.jpg').is_file()
    with pytest.raises(ConfigError, match='image format'):
        save_images(replayed, tmp_path / 'batch.xyz')
    images = torch.tensor([0.0, 1.0, torch.nan]).view(1, 3, 1, 1)
    assert to_rgb(images).flatten().tolist() == [0, 255, 0]


def test_views_of_several_sizes_survive_the_file_and_are_shown(tmp_path):
    crop = dict(type='MultiCrop', global_size=16, local_size=8, num_locals=2)
    pack = dict(type='PackInputs', meta_keys=('crop_boxes', 'crop_flips', 'view_ids', 'img_shape'))
    dataset = DATASETS.build(dict(type='Digits', split='train', pipeline=[crop, pack]))
    batch = default_collate([dataset[index] for index in range(3)])
    save_torch(tmp_path / 'step.pth', {'micro_batches': [to_plain(MicroBatch(0, 5, batch)._asdict())]})
    (back,) = read_micro_batches(read_checkpoint(tmp_path / 'step.pth', sealed=True))
    assert all(map(torch.equal, back.batch['inputs'], batch['inputs']))
    boxes = [[sample.crop_boxes.tolist() for sample in one['data_samples']] for one in (back.batch, batch)]
    assert boxes[0] == boxes[1]
    replayed = Replay({'position': {'iter': 6}}, [back], [], Finding((), ()), watch=None)
    picture = Image.open(save_images(replayed, tmp_path / 'views.png'))
    assert picture.width > 4 * 160
    assert picture.height > 3 * 160
