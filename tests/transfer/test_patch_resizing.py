"""A ViT with larger patches than in pre-training, whose kernels are resized only where the config says so."""

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.models import VisionTransformer
from torch import nn

from sslrecipes.checkpoint.files.writing import save_torch
from sslrecipes.errors import CheckpointError, ConfigError, CoverageError
from sslrecipes.transfer.loading import load_backbone
from sslrecipes.transfer.patch_resizing import PatchResizingViT
from sslrecipes.transfer.verify import verify_backbone
from sslrecipes.transfer.vitdet import ViTDet

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
LARGER = dict(arch=ARCH, img_size=56, patch_size=16)
RESIZED = dict(**LARGER, pretrained_patch_size=14)
PATCHES = 'patch_embed.projection.weight'


class Model(nn.Module):
    """Anything with a backbone."""

    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone


def segmenting(**options):
    return Model(PatchResizingViT(**options, out_indices=[0, 1], out_type='featmap', final_norm=False))


def detecting(**options):
    return Model(ViTDet(**options, window_size=2, global_blocks=1))


@pytest.fixture(scope='module', params=[True, False], ids=['token', 'tokenless'])
def pretrained(request, tmp_path_factory):
    """A file of a ViT/14 with or without class token, its weights and the option it needs."""
    torch.manual_seed(0)
    token = dict(with_cls_token=request.param)
    network = VisionTransformer(ARCH, img_size=56, patch_size=14, out_type='raw', **token)
    state = {name: value + 0.1 * torch.randn_like(value) for name, value in network.state_dict().items()}
    path = tmp_path_factory.mktemp('vit') / 'vit14.pth'
    save_torch(path, {'state_dict': {f'backbone.{name}': value for name, value in state.items()}})
    return path, state, token


@pytest.mark.parametrize('build', [segmenting, detecting])
def test_kernels_are_those_of_opencv_and_all_else_is_as_it_was(build, pretrained):
    path, state, token = pretrained
    model = build(**RESIZED, **token)
    assert load_backbone(model, path).ratio == 1.0
    loaded = model.backbone.state_dict()
    kernels = state[PATCHES].flatten(0, 1).numpy()
    expected = np.stack([cv2.resize(kernel, (16, 16), interpolation=cv2.INTER_CUBIC) for kernel in kernels])
    np.testing.assert_allclose(loaded.pop(PATCHES).flatten(0, 1), expected, atol=1e-6)
    assert all(torch.equal(value, state[name]) for name, value in loaded.items())


@pytest.mark.parametrize('build', [segmenting, detecting])
def test_features_are_verified(build, pretrained):
    path, _, token = pretrained
    model = build(**RESIZED, **token)
    load_backbone(model, path)
    report = verify_backbone(model, path)
    assert [feature.shape for feature in report.features] == [(1, 16, 4, 4)] * len(report.features)
    assert report.difference <= 1e-5
    model.backbone.patch_embed.projection.weight.data.mul_(1.1)
    with pytest.raises(CheckpointError, match='other features'):
        verify_backbone(model, path)


@pytest.mark.parametrize('build', [segmenting, detecting])
def test_nothing_is_resized_unasked(build, pretrained):
    path, _, token = pretrained
    message = r'patches of 14 of 56 px, .* patches of 16 of 64 px: .* set model\.backbone\.pretrained_patch_size=14\.$'
    with pytest.raises(CoverageError, match=message):
        load_backbone(build(**{**LARGER, 'img_size': 64}, **token), path)


def test_patches_of_a_third_size_are_refused(pretrained):
    path, _, token = pretrained
    with pytest.raises(CoverageError, match=r'vit14\.pth" has patches of 14 px, but .*pretrained_patch_size says 8\.'):
        load_backbone(segmenting(**{**RESIZED, 'pretrained_patch_size': 8}, **token), path)


def test_pretraining_on_no_whole_number_of_patches():
    with pytest.raises(ConfigError, match='img_size=56 must be a multiple of pretrained_patch_size=15'):
        PatchResizingViT(**{**RESIZED, 'pretrained_patch_size': 15})


def test_without_the_option_it_is_the_plain_vit():
    torch.manual_seed(0)
    options = dict(arch=ARCH, img_size=32, patch_size=8)
    ours, plain = PatchResizingViT(**options), VisionTransformer(**options)
    plain.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 40, 24)
    assert torch.equal(ours.eval()(images)[0], plain.eval()(images)[0])
