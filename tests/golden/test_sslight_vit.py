"""SSLight's ViT at its own and at smaller sizes: position embedding, class token, class tokens of the last blocks."""

import pytest
import torch

from sslrecipes.checkpoint.conversion.keymaps import KEYMAPS
from sslrecipes.registry import MODELS

OPTIONS = {'img_size', 'patch', 'embed_dim', 'heads', 'depth', 'mlp_ratio', 'qkv_bias', 'ln_eps', 'crop_sizes', 'batch'}


def build_vit(hyper):
    assert set(hyper) <= OPTIONS, f'unknown options: {set(hyper) - OPTIONS}'
    arch = dict(
        embed_dims=hyper['embed_dim'],
        num_layers=hyper['depth'],
        num_heads=hyper['heads'],
        feedforward_channels=int(hyper['embed_dim'] * hyper['mlp_ratio']),
    )
    vit = MODELS.build(
        dict(
            type='DINOViT',
            arch=arch,
            img_size=hyper['img_size'],
            patch_size=hyper['patch'],
            qkv_bias=hyper['qkv_bias'],
            norm_cfg=dict(type='LN', eps=hyper['ln_eps']),
            out_indices=list(range(hyper['depth'])),
            pos_embed_offset=0.1,
        )
    )
    vit.eval()
    return vit


def compare(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.golden('sslight/vit_crops')
def test_crops(case):
    vit = build_vit(case.hyper)
    official = {f'student.backbone.{name}': value for name, value in case.part('state/').items()}
    state = KEYMAPS['sslight-dino'].to_ours(official)
    vit.load_state_dict({name.removeprefix('backbone.'): value for name, value in state.items()})
    added = {}
    vit.drop_after_pos.register_forward_pre_hook(lambda _, args: added.update(tokens=args[0]))
    for size in case.hyper['crop_sizes']:
        images = case[f'in/x_{size}']
        with torch.no_grad():
            outputs = vit(images)
            patches = torch.cat([vit.cls_token.expand(len(images), -1, -1), vit.patch_embed(images)[0]], dim=1)
        last_blocks = case[f'out/last_blocks_cls_{size}']
        count = last_blocks.shape[1] // case.hyper['embed_dim']
        compare((added['tokens'] - patches)[:1], case[f'out/pos_embed_{size}'])
        compare(outputs[-1], case[f'out/features_{size}'])
        compare(torch.cat(outputs[-count:], dim=1), last_blocks)
