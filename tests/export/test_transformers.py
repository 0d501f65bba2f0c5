import json

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps.transformers_vit import to_transformers
from sslrecipes.checkpoint.files.reading import read_safetensors
from sslrecipes.errors import CheckpointError
from sslrecipes.export import export_checked
from sslrecipes.export.transformers_format import forward

LAYER = {
    'attention.attention.query', 'attention.attention.key', 'attention.attention.value', 'attention.output.dense',
    'intermediate.dense', 'output.dense', 'layernorm_before', 'layernorm_after',
}  # fmt: skip


@pytest.fixture
def folder(pretrained, tmp_path):
    export_checked(pretrained('vit')[1], tmp_path / 'out', 'transformers')
    return tmp_path / 'out'


def test_names_are_those_of_vit_model(folder):
    held, facts = read_safetensors(folder / 'model.safetensors', required=True)
    parts = {'embeddings.patch_embeddings.projection', 'layernorm', 'pooler.dense'}
    parts |= {f'encoder.layer.{number}.{part}' for number in (0, 1) for part in LAYER}
    names = {f'{part}.{kind}' for part in parts for kind in ('weight', 'bias')}
    assert held.keys() == names | {'embeddings.cls_token', 'embeddings.position_embeddings'}
    assert facts['method'] == 'MAE'
    config = json.loads((folder / 'config.json').read_text())
    assert (config['num_attention_heads'], config['intermediate_size'], config['layer_norm_eps']) == (4, 48, 1e-6)
    pixels = json.loads((folder / 'preprocessor_config.json').read_text())
    assert pixels['image_mean'] == [120 / 255, 110 / 255, 100 / 255]
    card = (folder / 'README.md').read_text()
    assert card.startswith('---\nlibrary_name: transformers\n')
    assert "ViTModel.from_pretrained('out')" in card


def test_it_computes_the_same(pretrained, folder):
    network, _ = pretrained('vit')
    held, _ = read_safetensors(folder / 'model.safetensors')
    images = torch.randn(2, 3, 16, 16)
    found = forward(held, images.double(), json.loads((folder / 'config.json').read_text()))
    with torch.no_grad():
        torch.testing.assert_close(found, network(images)[-1].double(), rtol=1e-4, atol=1e-4)


def test_transformers_loads_the_folder(pretrained, folder):
    transformers = pytest.importorskip('transformers')
    network, _ = pretrained('vit')
    model, info = transformers.ViTModel.from_pretrained(folder, output_loading_info=True)
    assert not any(info[kind] for kind in ('missing_keys', 'unexpected_keys', 'mismatched_keys', 'error_msgs'))
    images = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        found, wanted = model.eval()(images), network(images)[-1]
    torch.testing.assert_close(found.last_hidden_state, wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.pooler_output, wanted[:, 0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('kind', ['vit-gap', 'vit-finetuned', 'vit-without-norm', 'resnet18'])
def test_other_architectures_are_refused(pretrained, tmp_path, kind):
    with pytest.raises(CheckpointError, match=r'transformers\.ViTModel is a ViT with class token'):
        export_checked(pretrained(kind)[1], tmp_path / 'out', 'transformers')
    assert not any(tmp_path.iterdir())


def test_a_weight_without_a_place_is_named():
    with pytest.raises(CheckpointError, match=r'no place for "layers\.0\.gamma"'):
        to_transformers({'layers.0.gamma': torch.ones(2)})
