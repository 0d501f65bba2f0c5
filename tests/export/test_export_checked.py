import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest
import torch

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError, ConfigError
from sslrecipes.export import EXPORTERS, export_checked
from sslrecipes.export.backbone import export_backbone
from sslrecipes.export.check import fill
from sslrecipes.export.source import Source, usual_heads

pytest.importorskip('timm')
onnxruntime = pytest.importorskip('onnxruntime')
TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'export_backbone.py'


@pytest.mark.parametrize('file_format', EXPORTERS)
def test_report_tells_the_difference_and_another_network_leaves_no_file(pretrained, tmp_path, monkeypatch, file_format):
    _, checkpoint = pretrained('vit')
    report = export_checked(checkpoint, tmp_path / 'good', file_format)
    assert 'largest differences: ' in report.summary()
    build = Source.build

    def other(self, **options):
        network = build(self, **options)
        network.layers[1].ln1.bias.data[3] += 1e-3
        return network

    monkeypatch.setattr(Source, 'build', other)
    with monkeypatch.context() as patch:
        if file_format == 'onnx':  # the file is made from the network itself: let the runtime go wrong
            patch.setattr(Source, 'build', build)
            run = onnxruntime.InferenceSession.run
            patch.setattr(onnxruntime.InferenceSession, 'run', lambda *args: [part + 2e-3 for part in run(*args)])
        with pytest.raises(CheckpointError, match=r'vit.pth": Nothing was written: .* it differs by'):
            export_checked(checkpoint, tmp_path / 'bad', file_format)
    assert [file.name for file in tmp_path.iterdir()] == ['good']


@pytest.mark.parametrize('file_format', EXPORTERS)
def test_names_that_are_not_utf8_are_written(pretrained, tmp_path, monkeypatch, file_format):
    monkeypatch.setattr('sslrecipes.export.onnx_format.MAX_INLINE', 0)
    _, checkpoint = pretrained('vit')
    folder = tmp_path / os.fsdecode(b'caf\xe9')
    folder.mkdir()
    own, out = folder / os.fsdecode(b'vit\xe9.pth'), folder / os.fsdecode(b'new\xe9')
    shutil.copy(checkpoint, own)
    export_checked(own, out, file_format)
    beside = {'onnx': [folder / 'new\\udce9.data']}
    assert sorted(folder.iterdir()) == sorted([own, out, *beside.get(file_format, [])])
    assert out.is_dir() == (file_format in ('huggingface', 'transformers'))


@pytest.mark.parametrize(
    ('file_format', 'package'), [('timm', 'timm'), ('huggingface', 'timm'), ('onnx', 'onnxscript')]
)
def test_missing_package(pretrained, tmp_path, monkeypatch, file_format, package):
    _, checkpoint = pretrained('vit')
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=f'needs the package "{package}": run `pip install "sslrecipes.export."`'):
        export_checked(checkpoint, tmp_path / 'a', file_format)
    assert not any(tmp_path.iterdir())


def test_heads_come_from_the_run_then_from_the_user_then_from_the_width(pretrained, tmp_path):
    network, checkpoint = pretrained('vit')
    assert export_checked(checkpoint, tmp_path / 'a.pth', 'timm').metadata['heads'] == '4'
    with pytest.raises(ConfigError, match='trained with 4 heads, not 8'):
        export_checked(checkpoint, tmp_path / 'b.pth', 'timm', heads=8)
    with pytest.raises(ConfigError, match='at least 1, not 0'):
        export_checked(checkpoint, tmp_path / 'b.pth', 'timm', heads=0)
    with pytest.raises(ConfigError, match='would be of another format'):
        export_checked(checkpoint, tmp_path / 'b.onnx', 'timm')
    export_backbone(checkpoint, tmp_path / 'c.safetensors')
    assert export_checked(tmp_path / 'c.safetensors', tmp_path / 'd.pth', 'timm').metadata['heads'] == '4'
    bare = {f'backbone.{name}': value for name, value in network.state_dict().items()}
    save_torch(tmp_path / 'e.pth', {'state_dict': bare})
    assert export_checked(tmp_path / 'e.pth', tmp_path / 'f.pth', 'timm', heads=8).metadata['heads'] == '8'
    export_checked(tmp_path / 'e.pth', tmp_path / 'h.safetensors', 'timm', heads=8)
    assert export_checked(tmp_path / 'h.safetensors', tmp_path / 'i.pth', 'timm').metadata['heads'] == '8'
    with pytest.raises(ConfigError, match='32 wide can not have 0 heads: state the right number with --heads'):
        export_checked(tmp_path / 'e.pth', tmp_path / 'g.pth', 'timm')


def test_named_architectures_tell_the_heads(pretrained):
    backbone = type('Backbone', (), {})()
    backbone.weights = {name: torch.empty(value.shape) for name, value in pretrained('vit')[0].state_dict().items()}
    backbone.metadata = {'backbone': '{"arch": "small"}'}
    assert Source.of(backbone).heads == 8


@pytest.mark.parametrize(('width', 'heads'), [(192, 3), (384, 6), (768, 12), (1024, 16), (1280, 16), (1664, 16)])
def test_heads_of_the_usual_networks(width, heads):
    assert usual_heads(width) == heads


def test_teacher_and_final_norm(pretrained, tmp_path):
    network, checkpoint = pretrained('vit')
    export_checked(checkpoint, tmp_path / 'a.pth', 'timm', prefix='teacher.backbone.', final_norm=False)
    held = torch.load(tmp_path / 'a.pth', weights_only=True)
    assert torch.equal(held['blocks.0.norm1.bias'], network.layers[0].ln1.bias + 0.01)
    assert 'norm.bias' not in held


def test_part_of_a_network_is_refused(pretrained, tmp_path):
    network, _ = pretrained('resnet-thin')
    state = {f'backbone.{name}': value for name, value in network.state_dict().items()}
    for gone, message in [('layer2.1', 'no ResNet with'), ('layer2.1.bn2.bias', 'missing')]:
        cut = {name: value for name, value in state.items() if not name.startswith(f'backbone.{gone}')}
        save_torch(tmp_path / 'cut.pth', {'state_dict': cut})
        with pytest.raises(CheckpointError, match=f'cut.pth": .*{message}'):
            export_checked(tmp_path / 'cut.pth', tmp_path / 'out.pkl', 'detectron2')
    assert [file.name for file in tmp_path.iterdir()] == ['cut.pth']


def test_tool(pretrained, tmp_path, capsys):
    _, checkpoint = pretrained('vit')
    spec = importlib.util.spec_from_file_location('export_backbone_tool', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main([str(checkpoint), str(tmp_path / 'a.safetensors'), '--format', 'timm', '--heads', '4'])
    assert 'checked: timm' in capsys.readouterr().out
    tool.main([str(checkpoint), str(tmp_path / 'a.onnx')])
    assert 'checked: onnxruntime' in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        tool.main([str(checkpoint), str(tmp_path / 'b'), '--format', 'timm', '--heads', '5'])
    assert stop.value.code == 2
    assert capsys.readouterr().err == 'error: The network was trained with 4 heads, not 5.\n'


def test_weights_that_do_not_fit_are_told_in_one_line():
    with pytest.raises(CheckpointError, match='do not fit Linear') as caught:
        fill(torch.nn.Linear(2, 2), {'weight': torch.ones(3, 2), 'bias': torch.ones(3)})
    assert '\n' not in str(caught.value)
