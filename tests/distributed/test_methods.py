"""Two gloo processes equal one process: loss and gradients at equal global batch and equal masks."""

import pytest
import torch
from mmpretrain.structures import DataSample
from torch import distributed

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel
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
MAE_PRIV = dict(
    type='MAEPriv',
    backbone=dict(type='MAEPrivViT', arch=ARCH, batched_shuffle=False, **IMAGE),
    neck=dict(
        type='MAEPrivDecoder',
        num_patches=PATCHES,
        patch_size=8,
        embed_dim=32,
        decoder_embed_dim=64,
        decoder_depth=1,
    ),
    head=dict(type='MAEPrivHead', norm_pix=True, patch_size=8),
)
WITH_CLASS_TOKEN = dict(MAE_PRIV, backbone=dict(MAE_PRIV['backbone'], with_cls_token=True))
FINE_TUNING = dict(
    type='ImageClassifier',
    backbone=dict(
        type='MAEPrivFineTuneViT',
        arch=ARCH,
        with_cls_token=False,
        out_type='avg_featmap',
        final_norm=False,
        **IMAGE,
    ),
    head=dict(type='LinearClsHead', num_classes=5, in_channels=32),
)


def build(cfg, noise):
    """The method with fixed weights and a given mask."""
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    for param in model.parameters():
        torch.nn.init.normal_(param, std=0.1)
    if noise is not None:
        embed = model.backbone.embed_visible
        model.backbone.embed_visible = lambda images, _: embed(images, noise)
    return model.train()


def step(model, images, labels=None):
    """Loss and gradients by name."""
    samples = None if labels is None else [DataSample().set_gt_label(label) for label in labels]
    losses = model(images, samples, mode='loss')
    loss = sum(losses.values())
    loss.backward()
    module = getattr(model, 'module', model)
    return loss.detach(), {name: param.grad for name, param in module.named_parameters() if param.grad is not None}


@pytest.mark.parametrize('cfg', [MAE, TEC, MAE_PRIV, WITH_CLASS_TOKEN], ids=['MAE', 'TEC', 'MAE-priv', 'MAE-priv cls'])
def test_two_processes_equal_one(cfg, run_ranks):
    check(cfg, torch.randn(BATCH, 3, 32, 32), torch.rand(BATCH, PATCHES), run_ranks)


def test_two_processes_with_the_same_shared_mask_equal_one(run_ranks):
    """MAE-priv's one mask for a batch is that of a process: alike on both only for equal noise."""
    cfg = dict(MAE_PRIV, backbone=dict(MAE_PRIV['backbone'], batched_shuffle=True))
    check(cfg, torch.randn(BATCH, 3, 32, 32), torch.rand(1, PATCHES).expand(BATCH, -1), run_ranks)


def test_shared_masks_differ_between_processes(run_ranks):
    """Each rank draws its own with the recipes' ``diff_rank_seed``."""

    def on_rank(rank, world):
        torch.manual_seed(rank)  # what diff_rank_seed does
        encoder = MODELS.build(dict(MAE_PRIV['backbone'], batched_shuffle=True))
        return encoder(torch.zeros(2, 3, 32, 32))[1].numpy()

    first, second = run_ranks(on_rank)
    assert (first[0] == first[1]).all()
    assert (first[0] != second[0]).any()


def test_two_processes_fine_tune_as_one(run_ranks):
    check(FINE_TUNING, torch.randn(BATCH, 3, 32, 32), None, run_ranks, labels=torch.arange(BATCH) % 5)


def check(cfg, images, noise, run_ranks, labels=None):
    """Compare loss and gradients of two processes with those of one."""

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        share = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
        built = build(cfg, noise if noise is None else noise[share])
        model = SSLDistributedDataParallel(built, device_ids=[rank])
        loss, grads = step(model, images[share], labels if labels is None else labels[share])
        distributed.all_reduce(loss)
        return float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}

    loss, grads = step(build(cfg, noise), images, labels)
    for rank_loss, rank_grads in run_ranks(on_rank):
        assert rank_loss == pytest.approx(float(loss), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm() / grad.norm().clamp_min(1e-12)
            assert difference <= 1e-5, name
