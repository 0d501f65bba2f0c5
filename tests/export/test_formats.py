import pickle

import numpy as np
import pytest
import torch
import torchvision

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError
from sslrecipes.export import export_checked
from sslrecipes.export.backbone import read_backbone

timm = pytest.importorskip('timm')
onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
VITS = ['vit', 'dino-vit', 'tec', 'vit-finetuned', 'vit-without-norm', 'vit-gap', 'vit-gap-finetuned']


@pytest.fixture
def exported(pretrained, tmp_path):
    """``exported('vit', 'timm', '.safetensors')``: the network, the new file and the report."""

    def export(kind, file_format, suffix='', **options):
        network, checkpoint = pretrained(kind)
        out = tmp_path / f'out{suffix}'
        return network, out, export_checked(checkpoint, out, file_format, **options)

    return export


def run(network, images):
    """What our own network gives: its last output on whole images."""
    with torch.no_grad():
        return (network(images, mask=False) if hasattr(network, 'draw_mask') else network(images))[-1]


def equal(weights, network):
    """Whether these are the weights of the network, but for a baked token, bit by bit."""
    wanted = {name: value for name, value in network.state_dict().items() if not name.startswith('cls_token_mlp')}
    baked = {'cls_token'} if wanted.keys() != network.state_dict().keys() else set()
    return weights.keys() == wanted.keys() and all(
        torch.equal(weights[name], value) for name, value in wanted.items() if name not in baked
    )


@pytest.mark.parametrize('kind', VITS)
def test_timm_loads_vits_by_the_printed_line(exported, monkeypatch, tmp_path, kind):
    network, out, report = exported(kind, 'timm', '.safetensors')
    monkeypatch.chdir(tmp_path)
    assert report.notes[1].startswith('load by: timm.create_model(')
    other = eval(report.notes[1].removeprefix('load by: '), {'timm': timm}).eval()
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        found = other(images) if kind.endswith('finetuned') else other.forward_features(images)
    torch.testing.assert_close(found, run(network, images), rtol=1e-4, atol=1e-4)
    assert equal(read_backbone(out).weights, network)


def test_timm_loads_resnets(exported):
    images = torch.randn(1, 3, 64, 64)
    network, out, _ = exported('resnet50', 'timm', '.pth')
    with torch.no_grad():
        found = timm.create_model('resnet50', num_classes=0, checkpoint_path=str(out)).eval().forward_features(images)
    torch.testing.assert_close(found, run(network, images), rtol=1e-4, atol=1e-4)
    assert equal(read_backbone(out).weights, network)


def test_torchvision_loads_resnets(exported):
    images = torch.randn(1, 3, 64, 64)
    network, out, report = exported('resnet18', 'torchvision', '.pth')
    other = torchvision.models.resnet18()
    missing, unexpected = other.load_state_dict(torch.load(out, weights_only=True), strict=False)
    assert (missing, unexpected) == (['fc.weight', 'fc.bias'], [])
    other.fc = torch.nn.Identity()
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(images), run(network, images).mean((2, 3)), rtol=1e-4, atol=1e-4)
    assert equal(read_backbone(out).weights, network)
    assert 'torchvision.models.resnet18()' in report.notes[1]


def test_timm_and_torchvision_load_mobilenets(exported):
    images = torch.randn(1, 3, 64, 64)
    network, out, _ = exported('mobilenetv2', 'timm', '.safetensors')
    with torch.no_grad():
        found = (
            timm.create_model('mobilenetv2_035', num_classes=0, checkpoint_path=str(out))
            .eval()
            .forward_features(images)
        )
    torch.testing.assert_close(found, run(network, images), rtol=1e-4, atol=1e-4)
    assert equal(read_backbone(out).weights, network)
    network, out, _ = exported('mobilenetv2', 'torchvision', '.pth')
    other = torchvision.models.mobilenet_v2(width_mult=0.35)
    other.classifier = torch.nn.Identity()
    other.load_state_dict(torch.load(out, weights_only=True))
    assert equal(read_backbone(out).weights, network)


def test_torchvision_loads_vits(exported):
    network, out, _ = exported('vit', 'torchvision', '.pth')
    other = torchvision.models.VisionTransformer(16, 4, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=48)
    other.heads = torch.nn.Identity()
    other.load_state_dict(torch.load(out, weights_only=True))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(images), run(network, images)[:, 0], rtol=1e-4, atol=1e-4)
    assert equal(read_backbone(out).weights, network)


@pytest.mark.parametrize(
    ('kind', 'suffix'),
    [('vit', '.pkl'), ('vit-gap', '.pth'), ('tec', '.pth'), ('resnet-thin', '.pkl'), ('resnet50', '.pth')],
)
def test_detectron2_files_hold_plain_weights_and_come_back(exported, kind, suffix):
    network, out, report = exported(kind, 'detectron2', suffix)
    is_pickle = suffix == '.pkl'  # detectron2 reads it so:
    held = pickle.loads(out.read_bytes(), encoding='latin1') if is_pickle else torch.load(out, weights_only=True)  # noqa: S301
    assert (held['__author__'], held['matching_heuristics']) == ('sslrecipes', True)
    assert {type(value) for value in held['model'].values()} == {np.ndarray if is_pickle else torch.Tensor}
    assert equal(read_backbone(out).weights, network)
    usage = 'STRIDE_IN_1X1 False' if 'resnet' in kind else 'num_heads=4, patch_size=4, pretrain_img_size=16'
    assert usage in report.notes[1]


@pytest.mark.parametrize('kind', ['vit-gap-finetuned', 'resnet-small-images'])
def test_onnx_takes_any_number_of_images(exported, kind):
    network, out, report = exported(kind, 'onnx', '.onnx')
    side = 64 if 'resnet' in kind else 16
    images = torch.randn(3, 3, side, side)
    session = onnxruntime.InferenceSession(out, providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'images': images.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), run(network, images), rtol=1e-3, atol=1e-3)
    facts = {fact.key: fact.value for fact in onnx.load(out).metadata_props}
    assert facts['source_sha256'] == report.metadata['source_sha256']
    assert facts['mean'] == ('[123.675, 116.28, 103.53]' if 'resnet' in kind else '[120.0, 110.0, 100.0]')
    assert [file.name for file in out.parent.iterdir()] == ['out.onnx']


def test_weights_of_a_large_onnx_file_lie_beside_it(pretrained, tmp_path, monkeypatch):
    monkeypatch.setattr('sslrecipes.export.onnx_format.MAX_INLINE', 0)
    network, checkpoint = pretrained('vit')
    report = export_checked(checkpoint, tmp_path / 'out.onnx', 'onnx')
    assert sorted(file.name for file in tmp_path.iterdir()) == ['out.onnx', 'out.onnx.data']
    assert 'with out.onnx.data in the same folder' in report.notes[1]
    images = torch.randn(1, 3, 16, 16)
    session = onnxruntime.InferenceSession(tmp_path / 'out.onnx', providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'images': images.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), run(network, images), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ('kind', 'file_format', 'message'),
    [
        ('mobilenetv2', 'detectron2', 'detectron2 has no MobileNetV2 x0.35'),
        ('resnet-small-images', 'detectron2', 'detectron2 has no ResNet18, .* kernel 3'),
        ('resnet-small-images', 'timm', 'timm has no ResNet18, 8 wide'),
        ('resnet-thin', 'torchvision', 'torchvision has no ResNet18, 8 wide, with a stem of 8 channels'),
        ('vit-finetuned', 'torchvision', 'no norm of their mean'),
        ('vit-gap', 'torchvision', 'have a class token'),
        ('vit-without-norm', 'torchvision', 'a norm of all tokens'),
    ],
)
def test_networks_that_a_program_does_not_have(exported, tmp_path, kind, file_format, message):
    with pytest.raises(CheckpointError, match=message):
        exported(kind, file_format, '.pth')
    assert not any(tmp_path.iterdir())


#: Official files of methods on two views: what stands before the backbone's names, and what is beside it
MOCO = 'module.encoder_q.', {'module.encoder_k.conv1.weight': torch.zeros(1), 'module.queue': torch.zeros(2, 4)}
BYOL = 'encoder_q.', {'encoder_q.fc.bias': torch.zeros(2), 'projector.net.0.weight': torch.zeros(2, 2)}


@pytest.mark.parametrize(('kind', 'file_format'), [(MOCO, 'detectron2'), (BYOL, 'torchvision')])
def test_official_files_of_two_views_go_to_other_programs(tmp_path, kind, file_format):
    prefix, beside = kind
    network = {
        name: value for name, value in torchvision.models.resnet18().state_dict().items() if not name.startswith('fc.')
    }
    named = {f'{prefix}{name}': value for name, value in network.items()}
    out = tmp_path / 'out.pth'
    export_checked(save_torch(tmp_path / 'a.pth', {'state_dict': named | beside}), out, file_format)
    written = read_backbone(out).weights
    assert written.keys() == network.keys()
    assert all(torch.equal(written[name], network[name]) for name in network)
