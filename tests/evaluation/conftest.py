import pytest
import torch

import sslrecipes.datasets
import sslrecipes.models  # noqa: F401  registers
from sslrecipes.models.methods.feature_model import FeatureModel


@pytest.fixture
def vit_cfg():
    """A tiny ViT for the 8 x 8 digits."""
    arch = dict(embed_dims=32, num_layers=2, num_heads=2, feedforward_channels=64)
    return dict(type='VisionTransformer', arch=arch, img_size=8, patch_size=4, out_type='raw')


@pytest.fixture
def model(vit_cfg):
    """Mean-pooled features of a randomly initialised ViT."""
    model = FeatureModel(vit_cfg, pool='avg', data_preprocessor=dict(mean=[78.0] * 3, std=[96.0] * 3))
    model.init_weights()
    return model


@pytest.fixture
def clusters():
    """Function that draws ``n`` points around one centre per class: (features, labels)."""

    def draw(n, classes=6, width=12, noise=0.4, seed=0):
        generator = torch.Generator().manual_seed(seed)
        centres = torch.randn(classes, width, generator=torch.Generator().manual_seed(99))
        y = torch.randint(classes, (n,), generator=generator)
        return centres[y] + noise * torch.randn(n, width, generator=generator), y

    return draw
