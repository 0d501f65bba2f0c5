import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

import sslrecipes.models  # noqa: F401  registers
from sslrecipes.evaluation import trivial_losses
from sslrecipes.evaluation.trivial_losses import trivial_loss
from sslrecipes.models.losses.relation import relation_cross_entropy
from sslrecipes.registry import MODELS


def same(count, width=8):
    """Unit vectors, all the same."""
    return F.normalize(torch.randn(1, width), dim=1).expand(count, -1)


def test_formulas_are_the_losses_of_equal_outputs():
    uniform = torch.full((5, 100), 0.01)
    assert trivial_losses.dino(100) == pytest.approx(-(uniform * uniform.log()).sum(dim=1).mean().item(), rel=1e-5)
    assert trivial_losses.swav(100) == trivial_losses.dino(100)
    similarities = same(1) @ same(65, 8).T / 0.2
    assert trivial_losses.moco(64) == pytest.approx(F.cross_entropy(similarities, torch.tensor([0])).item(), rel=1e-5)
    views = same(12)
    others = (views @ views.T / 0.1)[0, 1:]
    assert trivial_losses.simclr(6) == pytest.approx(F.cross_entropy(others[None], torch.tensor([0])).item(), rel=1e-5)
    a = same(1)
    assert pytest.approx((2 - 2 * F.cosine_similarity(a, a)).item(), abs=1e-6) == trivial_losses.BYOL
    assert pytest.approx(-F.cosine_similarity(a, a).item()) == trivial_losses.SIMSIAM


def mae_head(**options):
    loss = dict(type='PixelReconstructionLoss', criterion=options.pop('criterion', 'L2'))
    return MODELS.build(dict(type='MAEPretrainHead', patch_size=16, loss=loss, **options))


def model_of(head, **parts):
    model = torch.nn.Module()
    model.head = head
    for name, part in parts.items():
        setattr(model, name, part)
    return model


def test_mae_with_normalised_pixels():
    head = mae_head(norm_pix=True)
    images = torch.randn(4, 3, 64, 64)
    mean_of_patches = torch.zeros(4, 16, 768)
    assert trivial_loss(model_of(head)) == 1.0
    assert head.loss(mean_of_patches, images, torch.ones(4, 16)).item() == pytest.approx(1.0, abs=2e-3)
    assert trivial_loss(model_of(mae_head(norm_pix=False))) is None
    assert trivial_loss(model_of(mae_head(norm_pix=True, criterion='L1'))) is None


def test_tec():
    from sslrecipes.models.losses.feature_regression import masked_mse, normalize_over_patches

    target, logits = torch.randn(4, 196, 32), torch.randn(4, 3, 2, 196)
    features = masked_mse(torch.zeros_like(target), normalize_over_patches(target), torch.ones(4, 196))
    relations = relation_cross_entropy(torch.zeros_like(logits), logits, 1.8)
    assert trivial_losses.tec(196) == pytest.approx((features + relations).item(), rel=2e-3)
    neck = dict(type='TECNeck', embed_dims=16, num_layers=2, num_patches=196, num_groups=1, decoder_embed_dims=8,
                decoder_depth=1, decoder_num_heads=2, target_heads=2)  # fmt: skip
    for relation in (True, False):
        model = model_of(MODELS.build(dict(type='TECHead')), neck=MODELS.build(dict(neck, relation=relation)))
        assert trivial_loss(model) == pytest.approx(1 + relation * math.log(196))
    assert trivial_loss(model_of(MODELS.build(dict(type='TECHead', normalize_target=False)))) is None


def test_heads_that_know_are_asked():
    head = torch.nn.Identity()
    head.trivial_loss = 3.5
    assert trivial_loss(model_of(head)) == 3.5
    assert trivial_loss(model_of(torch.nn.Identity())) is None
    assert trivial_loss(torch.nn.Identity()) is None


@pytest.mark.parametrize(
    ('head', 'expected'),
    [
        (dict(type='DINOHead', out_channels=64, loss_weights=(0.4, 0.6)), math.log(64)),
        (dict(type='MoCoHead', queue_length=64, feat_channels=8, loss_weights=(0.4, 0.6)), math.log(65)),
    ],
)
def test_multi_crop_heads(head, expected):
    assert trivial_loss(model_of(MODELS.build(head))) == pytest.approx(expected)
