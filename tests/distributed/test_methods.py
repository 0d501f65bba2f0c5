"""Two gloo processes equal one process: loss and gradients at equal global batch and equal masks."""

import pytest
import torch
from torch import distributed

from sslrecipes.engine.distributed import SSLDistributedDataParallel, init_cpu_process_group
from sslrecipes.registry import MODELS

ARCH = dict(embed_dims=32, num_layers=3, num_heads=2, feedforward_channels=64)
IMAGE = dict(img_size=32, patch_size=8)
PATCHES, BATCH = 16, 6

MAE = dict(
    type='MAE',
    backbone=dict(type='MaskedViT', arch=ARCH, **IMAGE),
    neck=dict(
        type='MAEDecoder',
        num_patches=PATCHES,
        patch_size=8,
        embed_dim=32,
        decoder_embed_dim=16,
        decoder_depth=1,
        decoder_num_heads=2,
    ),
    head=dict(
        type='MAEPretrainHead', norm_pix=True, patch_size=8, loss=dict(type='PixelReconstructionLoss', criterion='L2')
    ),
)
TEC = dict(
    type='TEC',
    backbone=dict(type='TECViT', arch=ARCH, **IMAGE),
    neck=dict(
        type='TECNeck',
        embed_dims=32,
        num_layers=3,
        num_patches=PATCHES,
        decoder_embed_dims=16,
        decoder_num_heads=2,
        target_heads=2,
    ),
    head=dict(type='TECHead'),
    target_generator=dict(type='TECBaseModel', arch=ARCH, topk=3, **IMAGE),
)


def build(cfg, noise):
    """The method with fixed weights and a given mask."""
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    for param in model.parameters():
        torch.nn.init.normal_(param, std=0.1)
    embed = model.backbone.embed_visible
    model.backbone.embed_visible = lambda images, _: embed(images, noise)
    return model.train()


def step(model, images):
    """Loss and gradients by name."""
    losses = model(images, mode='loss')
    loss = sum(losses.values())
    loss.backward()
    module = getattr(model, 'module', model)
    return loss.detach(), {name: param.grad for name, param in module.named_parameters() if param.grad is not None}


@pytest.mark.parametrize('cfg', [MAE, TEC], ids=['MAE', 'TEC'])
def test_two_processes_equal_one(cfg, run_ranks):
    images, noise = torch.randn(BATCH, 3, 32, 32), torch.rand(BATCH, PATCHES)

    def on_rank(rank, world):
        init_cpu_process_group('pytorch', timeout=60)
        share = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
        model = SSLDistributedDataParallel(build(cfg, noise[share]), device_ids=[rank])
        loss, grads = step(model, images[share])
        distributed.all_reduce(loss)
        return float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}

    loss, grads = step(build(cfg, noise), images)
    for rank_loss, rank_grads in run_ranks(on_rank):
        assert rank_loss == pytest.approx(float(loss), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm() / grad.norm().clamp_min(1e-12)
            assert difference <= 1e-5, name
