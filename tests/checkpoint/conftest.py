"""Official weights from the golden cases, and small networks to load them into."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmpretrain.registry import MODELS
from safetensors.torch import load_file
from torch import Tensor, nn

_ROOT = Path(os.environ.get('SSLRECIPES_GOLDEN', Path(__file__).parents[1] / 'data' / 'golden'))

Case = tuple[dict, dict[str, Tensor]]


@pytest.fixture
def golden() -> Callable[[str], Case]:
    """``golden('tec/pretrain')``: its case.json and its tensors."""

    def read(case: str) -> Case:
        folder = _ROOT / case
        if not folder.is_dir():
            pytest.skip(f'golden case {case} is absent')
        tensors = folder / 'tensors.safetensors'
        return json.loads((folder / 'case.json').read_text()), load_file(tensors) if tensors.is_file() else {}

    return read


@pytest.fixture
def official(golden: Callable[[str], Case]) -> Callable[..., dict[str, Tensor]]:
    """``official('tec/pretrain', 'state/student/')``: the official state dict of a case."""

    def state(case: str, part: str = 'state/') -> dict[str, Tensor]:
        return {name.removeprefix(part): value for name, value in golden(case)[1].items() if name.startswith(part)}

    return state


@pytest.fixture
def vit() -> Callable[..., nn.Module]:
    """Build mmpretrain's ViT: ``vit(**hyper of a case.json)`` or with small sizes of its own."""

    def build(kind: str = 'VisionTransformer', **hyper: object) -> nn.Module:
        sizes = {'img_size': 16, 'patch_size': 8, 'embed_dim': 16, 'depth': 2, 'num_heads': 2, **hyper}
        width = sizes['embed_dim']
        arch = dict(embed_dims=width, num_layers=sizes['depth'], num_heads=sizes['num_heads'],
                    feedforward_channels=4 * width)  # fmt: skip
        options = {'out_type': 'raw', 'final_norm': True, **hyper.get('options', {})}
        cfg = dict(type=kind, arch=arch, img_size=sizes['img_size'], patch_size=sizes['patch_size'], **options)
        return MODELS.build(cfg)

    return build


@pytest.fixture
def full_checkpoint() -> Callable[..., dict[str, dict[str, Tensor]]]:
    """``full_checkpoint('sslight-moco')``: what holds weights in a training checkpoint, by the names of that code."""

    def numbered(*names: str) -> dict[str, Tensor]:
        return {name: torch.randn(1, 2) for name in names}

    def prefixed(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
        return {f'{prefix}{name}': value for name, value in state.items()}

    def build(family: str, batch_norm: bool = True) -> dict[str, dict[str, Tensor]]:
        method = family.removeprefix('sslight-')
        stem = (
            ('conv1.weight', 'bn1.running_mean') if family == 'dino' else ('encoder.0.weight', 'encoder.1.running_mean')
        )
        backbone = [f'backbone.{name}' for name in (stem if batch_norm else ('cls_token', 'norm.weight'))]
        probe = numbered('module.classifier.weight', 'module.classifier.bias')
        if method == 'swav':
            head = numbered('head.projection.mlp.3.bias', 'head.prototypes.weight', *backbone)
            return {'state_dict': prefixed('module.network.', head) | probe}
        if method == 'moco':
            network, queue = numbered('head.mlp.0.weight', *backbone), numbered('module.queue', 'module.queue_ptr')
            networks = prefixed('module.encoder_q.', network) | prefixed('module.encoder_k.', numbered(*network))
            return {'state_dict': queue | networks | probe}
        network = numbered(*backbone, 'head.mlp.2.bias', 'head.last_layer.weight_g', 'head.last_layer.weight_v')
        follower, centre = numbered(*network), numbered('center')
        if family == 'dino':
            teacher = prefixed('module.' if batch_norm else '', follower)
            return {'student': prefixed('module.', network), 'teacher': teacher, 'dino_loss': centre}
        networks = prefixed('module.student.', network) | prefixed('module.teacher.', follower)
        return {'state_dict': networks | probe, 'loss': centre}

    return build
