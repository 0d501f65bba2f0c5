import json

import pytest
import torch
from PIL import Image

from sslrecipes.errors import StorageError
from sslrecipes.export import export_checked
from sslrecipes.export.backbone import read_backbone

timm = pytest.importorskip('timm')


@pytest.mark.parametrize('kind', ['vit', 'resnet18', 'mobilenetv2'])
def test_timm_loads_the_folder(pretrained, tmp_path, kind):
    network, checkpoint = pretrained(kind)
    out = tmp_path / 'my-model'
    report = export_checked(checkpoint, out, 'huggingface')
    assert sorted(file.name for file in out.iterdir()) == ['README.md', 'config.json', 'model.safetensors']
    images = torch.randn(1, 3, 16, 16) if kind == 'vit' else torch.randn(1, 3, 64, 64)
    model = timm.create_model(f'local-dir:{out}', pretrained=True).eval()
    with torch.no_grad():
        torch.testing.assert_close(model.forward_features(images), network(images)[-1], rtol=1e-4, atol=1e-4)
    classifier = timm.create_model(f'local-dir:{out}', pretrained=True, num_classes=7)
    assert classifier(images).shape == (1, 7)
    assert report.notes[1] == f"load by: timm.create_model('local-dir:{out}', pretrained=True)"


def test_card_and_config_say_how_pictures_are_prepared(pretrained, tmp_path):
    _, checkpoint = pretrained('vit')
    out = tmp_path / 'my-model'
    report = export_checked(checkpoint, out, 'huggingface')
    config = json.loads((out / 'config.json').read_text())
    assert config['architecture'] == 'vit_base_patch16_224'
    assert config['model_args']['num_heads'] == 4
    settings = timm.data.resolve_model_data_config(timm.create_model(f'local-dir:{out}'))
    picture = Image.new('RGB', (40, 30), (120, 110, 100))
    prepared = timm.data.create_transform(**settings)(picture)
    assert prepared.shape == (3, 16, 16)
    assert prepared.abs().max() < 1e-3
    card = (out / 'README.md').read_text()
    for fact in ('mean 120, 110, 100', '(`MAE`)', report.metadata['source_sha256'], 'vit.pth', 'Checked: timm'):
        assert fact in card
    assert card.startswith('---\nlibrary_name: timm\n')


def test_folder_is_not_overwritten(pretrained, tmp_path):
    _, checkpoint = pretrained('vit')
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(StorageError, match='exists already'):
        export_checked(checkpoint, tmp_path, 'huggingface')
    assert [file.name for file in tmp_path.iterdir()] == ['notes.txt']


def test_weights_in_the_folder_come_back(pretrained, tmp_path):
    network, checkpoint = pretrained('vit')
    export_checked(checkpoint, tmp_path / 'a', 'huggingface')
    back = read_backbone(tmp_path / 'a' / 'model.safetensors')
    assert back.metadata['method'] == 'MAE'
    assert all(torch.equal(back.weights[name], value) for name, value in network.state_dict().items())
