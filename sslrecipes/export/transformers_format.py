"""Export to transformers: a folder that ``transformers.ViTModel.from_pretrained`` loads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  as everywhere

from sslrecipes.checkpoint.backbone_arch import ViTArch
from sslrecipes.checkpoint.conversion.keymaps.transformers_vit import to_transformers
from sslrecipes.checkpoint.files.reading import read_safetensors
from sslrecipes.checkpoint.files.writing import save_safetensors
from sslrecipes.errors import CheckpointError
from sslrecipes.export.backbone import ExportReport, report
from sslrecipes.export.check import compare
from sslrecipes.export.folder import new_folder
from sslrecipes.export.model_card import model_card
from sslrecipes.export.source import Source

_CARD_USAGE = """import transformers

processor = transformers.AutoImageProcessor.from_pretrained('{title}')
model = transformers.ViTModel.from_pretrained('{title}').eval()
features = model(**processor(picture, return_tensors='pt')).last_hidden_state"""


def export_transformers(source: Source, out: str | Path) -> ExportReport:
    """Write the folder ``out`` with ``model.safetensors``, two configs and ``README.md``.

    It needs no package: the architecture of ``ViTModel`` is written out here to compare features.

    Raises:
        CheckpointError: ``ViTModel`` is another architecture, or its features differ from ours.
        StorageError: The folder exists and isn't empty, or can't be written.
    """
    arch = source.arch
    if not (isinstance(arch, ViTArch) and arch.cls_token and arch.final_norm and not arch.pooled_norm):
        raise CheckpointError(
            f'transformers.ViTModel is a ViT with class token and a norm of all tokens, but it holds a {arch}.'
        )
    out, state, wanted = Path(out).expanduser(), to_transformers(source.weights), source.features()
    config = _config(source, arch)
    with new_folder(out) as folder:
        save_safetensors(folder / 'model.safetensors', state, source.metadata)
        (folder / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
        (folder / 'preprocessor_config.json').write_text(json.dumps(_preprocessor(source), indent=2) + '\n')
        held, _ = read_safetensors(folder / 'model.safetensors', required=True)
        found = {'tokens': forward(held, source.images.double(), config)}
        checked = compare(wanted, found, 'the architecture of transformers.ViTModel, written out,')
        card = model_card(source, out.name, checked, 'transformers', _CARD_USAGE)
        (folder / 'README.md').write_text(card, encoding='utf-8', errors='backslashreplace')
    return report(
        out,
        state,
        source.metadata,
        checked,
        f"load by: transformers.ViTModel.from_pretrained('{out}'), whose pooler_output is the class token",
        f"the head: new, by transformers.ViTForImageClassification.from_pretrained('{out}', num_labels=N)",
    )


@torch.no_grad()
def forward(weights: dict[str, Tensor], images: Tensor, config: dict[str, Any]) -> Tensor:
    """What ``ViTModel`` makes of images ``(B, 3, H, W)`` with weights under its names: ``(B, N, C)``, in float64."""
    net, eps = {name: value.double() for name, value in weights.items()}, config['layer_norm_eps']

    def linear(name: str, x: Tensor) -> Tensor:
        return F.linear(x, net[f'{name}.weight'], net.get(f'{name}.bias'))

    def norm(name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], net[f'{name}.weight'], net[f'{name}.bias'], eps)

    def split(x: Tensor) -> Tensor:
        return x.unflatten(-1, (config['num_attention_heads'], -1)).transpose(1, 2)

    projection = 'embeddings.patch_embeddings.projection'
    patches = F.conv2d(images, net[f'{projection}.weight'], net[f'{projection}.bias'], stride=config['patch_size'])
    tokens = net['embeddings.cls_token'].expand(len(images), -1, -1)
    x = torch.cat([tokens, patches.flatten(2).transpose(1, 2)], dim=1) + net['embeddings.position_embeddings']
    for number in range(config['num_hidden_layers']):
        layer = f'encoder.layer.{number}'
        y, attention = norm(f'{layer}.layernorm_before', x), f'{layer}.attention.attention'
        q, k, v = (split(linear(f'{attention}.{part}', y)) for part in ('query', 'key', 'value'))
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + linear(f'{layer}.attention.output.dense', mixed)
        hidden = F.gelu(linear(f'{layer}.intermediate.dense', norm(f'{layer}.layernorm_after', x)))
        x = x + linear(f'{layer}.output.dense', hidden)
    return norm('layernorm', x)


def _config(source: Source, arch: ViTArch) -> dict[str, Any]:
    norm: Any = source.build().get_submodule('ln1')
    return {
        'architectures': ['ViTModel'],
        'model_type': 'vit',
        'hidden_size': arch.width,
        'num_hidden_layers': arch.depth,
        'num_attention_heads': source.heads,
        'intermediate_size': arch.hidden,
        'hidden_act': 'gelu',
        'hidden_dropout_prob': 0.0,
        'attention_probs_dropout_prob': 0.0,
        'layer_norm_eps': norm.eps,
        'image_size': arch.image_size,
        'patch_size': arch.patch_size,
        'num_channels': 3,
        'qkv_bias': arch.qkv_bias,
        'pooler_output_size': arch.width,
        'pooler_act': 'linear',
        'torch_dtype': 'float32',
    }


def _preprocessor(source: Source) -> dict[str, Any]:
    size = source.image_size
    return {
        'image_processor_type': 'ViTImageProcessor',
        'do_resize': True,
        'size': {'height': size, 'width': size},
        'resample': 3,
        'do_rescale': True,
        'rescale_factor': 1 / 255,
        'do_normalize': True,
        'image_mean': [value / 255 for value in source.mean],
        'image_std': [value / 255 for value in source.std],
    }
