"""The backbone of a fine-tuned detector for other programs, and the two kinds that no program has."""

import importlib.util
import re
from pathlib import Path

import pytest
import torch
from mmpretrain.models import ResNet

from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.engine.runner import SSLRunner
from sslrecipes.export.backbone import read_backbone
from sslrecipes.transfer.vitdet import ViTDet

pytest.importorskip('timm')
TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'export_backbone.py'
ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
TRUNK = dict(depth=18, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
DETECTORS = {
    'c4': (lambda: ResNet(**TRUNK), 'holds a ResNet18 without its last stage, .* all four stages.* --to torchvision'),
    'vitdet': (lambda: ViTDet(ARCH, 32, 8), 'holds a ViT of 2 blocks, .* by ViTDet'),
}


@pytest.fixture(scope='module')
def export():
    """``main`` of ``tools/export_backbone.py``."""
    spec = importlib.util.spec_from_file_location('export_of_detectors', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main


def test_fine_tuned_mask_rcnn(mask_rcnn, tmp_path, export, capsys):
    mask_rcnn.val_dataloader = mask_rcnn.val_cfg = mask_rcnn.val_evaluator = None
    mask_rcnn.merge_from_dict({
        'train_cfg': {'max_iters': 2},
        'model.backbone': {'stem_channels': 64, 'base_channels': 64},
        'model.neck.in_channels': [64, 128, 256, 512],
    })  # fmt: skip
    runner = SSLRunner.from_cfg(mask_rcnn)
    runner.train()
    checkpoint, trained = CheckpointStore(mask_rcnn.work_dir).newest_good()[0], runner.model.backbone.state_dict()
    for program, suffix in {'timm': 'safetensors', 'torchvision': 'pth', 'detectron2': 'pkl'}.items():
        out = tmp_path / f'{program}.{suffix}'
        export([str(checkpoint), str(out), '--format', program])
        report = capsys.readouterr().out
        assert 'method: MaskRCNN' in report
        assert 'checked: ' in report
        held = read_backbone(out).weights
        assert held.keys() == trained.keys()
        assert all(torch.equal(held[name], value) for name, value in trained.items())


@pytest.mark.parametrize('kind', DETECTORS)
@pytest.mark.parametrize('program', ['timm', 'detectron2'])
def test_backbones_that_only_detectors_have(kind, program, tmp_path, export, capsys):
    build, message = DETECTORS[kind]
    state = {f'backbone.{name}': value for name, value in build().state_dict().items()}
    save_torch(tmp_path / 'a.pth', {'state_dict': {**state, 'rpn_head.rpn_cls.bias': torch.zeros(3)}, 'meta': {}})
    with pytest.raises(SystemExit):
        export([str(tmp_path / 'a.pth'), str(tmp_path / 'out'), '--format', program])
    assert re.search(rf'error: .*a\.pth": it {message}', capsys.readouterr().err)
    assert [file.name for file in tmp_path.iterdir()] == ['a.pth']
