import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)


@pytest.fixture(params=[False, True], ids=['gap', 'cls'])
def model(request):
    size = dict(patch_size=4)
    built = MODELS.build(
        dict(
            type='MAEPriv',
            backbone=dict(type='MAEPrivViT', arch=ARCH, img_size=16, with_cls_token=request.param, **size),
            neck=dict(
                type='MAEPrivDecoder', num_patches=16, embed_dim=16, decoder_embed_dim=32, decoder_depth=1, **size
            ),
            head=dict(type='MAEPrivHead', norm_pix=True, **size),
        )
    )
    built.init_weights()
    return built


def test_loss_is_the_squared_error_of_removed_patches(model):
    images, noise = torch.randn(2, 3, 16, 16), torch.rand(2, 16)
    loss = model.loss(images, noise=noise)['loss']
    pred, mask = model.reconstruct(images, noise)
    expected = (pred - model.head.construct_target(images))[mask.bool()].square().mean()
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=0)


def test_visible_pixels_train_and_removed_ones_are_only_targets(model):
    images = torch.randn(2, 3, 16, 16, requires_grad=True)
    noise = torch.rand(2, 16)
    model.loss(images, noise=noise)['loss'].backward()
    seen = model.head.patchify(images.grad).abs().sum(-1) > 0
    assert torch.equal(seen, ~model.reconstruct(images, noise)[1].bool())


def test_everything_is_trained(model):
    model.loss(torch.randn(2, 3, 16, 16))['loss'].backward()
    untrained = [name for name, param in model.named_parameters() if param.grad is None]
    assert sorted(untrained) == ['backbone.pos_embed', 'neck.decoder_pos_embed']


def test_a_mask_that_removes_nothing_is_refused(model):
    model.backbone.mask_ratio = 0.01
    with pytest.raises(ConfigError, match=r'mask_ratio=0\.01 removes no patch'):
        model.loss(torch.randn(2, 3, 16, 16))
