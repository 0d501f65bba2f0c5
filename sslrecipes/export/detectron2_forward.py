"""The backbones of detectron2 as plain functions of a file in its names, to check what an export wrote.

detectron2 is not on PyPI. These functions know its names and its architecture (``modeling/backbone/resnet.py`` with
``STRIDE_IN_1X1: False``, ``modeling/backbone/vit.py`` without windows and relative positions) and nothing of ours.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  as everywhere

Weights = Mapping[str, Tensor]


@torch.no_grad()
def resnet(weights: Weights, images: Tensor) -> dict[str, Tensor]:
    """Run a ResNet; gives ``res2`` to ``res5`` for images ``(B, 3, H, W)``."""
    x = F.relu(_conv_norm(weights, 'stem.conv1', images, stride=2, padding=3))
    x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)
    outputs = {}
    for stage in ('res2', 'res3', 'res4', 'res5'):
        blocks = {name.split('.')[1] for name in weights if name.startswith(f'{stage}.')}
        for block in sorted(blocks, key=int):
            x = _block(weights, f'{stage}.{block}', x, stride=2 if stage != 'res2' and block == '0' else 1)
        outputs[stage] = x
    return outputs


@torch.no_grad()
def vit(weights: Weights, images: Tensor, heads: int) -> Tensor:
    """Run a ViT on images ``(B, 3, H, W)`` of its pre-training size; gives ``last_feat`` ``(B, C, h, w)``."""
    net = {name.removeprefix('backbone.net.'): value for name, value in weights.items()}
    patch = net['patch_embed.proj.weight'].shape[-1]
    features = F.conv2d(images, net['patch_embed.proj.weight'], net['patch_embed.proj.bias'], stride=patch)
    grid = features.shape[-2:]
    x = features.flatten(2).transpose(1, 2)
    x = x + net['pos_embed'][:, -x.shape[1] :]  # pretrain_use_cls_token: the row of the class token comes first
    for i in range(len({name.split('.')[1] for name in net if name.startswith('blocks.')})):
        block = {name.removeprefix(f'blocks.{i}.'): net[name] for name in net if name.startswith(f'blocks.{i}.')}
        x = x + _attention(block, _layer_norm(block, 'norm1', x), heads)
        hidden = F.gelu(_linear(block, 'mlp.fc1', _layer_norm(block, 'norm2', x)))
        x = x + _linear(block, 'mlp.fc2', hidden)
    return x.transpose(1, 2).unflatten(2, grid)


def _block(weights: Weights, name: str, x: Tensor, stride: int) -> Tensor:
    shortcut = x
    if f'{name}.shortcut.weight' in weights:
        shortcut = _conv_norm(weights, f'{name}.shortcut', x, stride=stride)
    if f'{name}.conv3.weight' in weights:
        x = F.relu(_conv_norm(weights, f'{name}.conv1', x))
        x = F.relu(_conv_norm(weights, f'{name}.conv2', x, stride=stride, padding=1))
        x = _conv_norm(weights, f'{name}.conv3', x)
    else:
        x = F.relu(_conv_norm(weights, f'{name}.conv1', x, stride=stride, padding=1))
        x = _conv_norm(weights, f'{name}.conv2', x, padding=1)
    return F.relu(x + shortcut)


def _conv_norm(weights: Weights, name: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    x = F.conv2d(x, weights[f'{name}.weight'], stride=stride, padding=padding)
    mean, var = weights[f'{name}.norm.running_mean'], weights[f'{name}.norm.running_var']
    return F.batch_norm(x, mean, var, weights[f'{name}.norm.weight'], weights[f'{name}.norm.bias'], eps=1e-5)


def _attention(block: Weights, x: Tensor, heads: int) -> Tensor:
    batch, length, width = x.shape
    qkv = _linear(block, 'attn.qkv', x).reshape(batch, length, 3, heads, width // heads)
    query, key, value = qkv.permute(2, 0, 3, 1, 4)
    weights = (query @ key.transpose(-2, -1) * (width // heads) ** -0.5).softmax(dim=-1)
    return _linear(block, 'attn.proj', (weights @ value).transpose(1, 2).reshape(batch, length, width))


def _linear(block: Weights, name: str, x: Tensor) -> Tensor:
    return F.linear(x, block[f'{name}.weight'], block.get(f'{name}.bias'))


def _layer_norm(block: Weights, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], block[f'{name}.weight'], block[f'{name}.bias'], eps=1e-6)
