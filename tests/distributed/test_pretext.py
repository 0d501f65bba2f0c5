"""Pretext tasks, Barlow Twins and DenseCL in two gloo processes with half a batch each learn as one process does."""

import copy

import pytest
import torch
from torch import distributed, nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, WORLD = 6, 2
#: Without batch norms, which CPUs don't share.
BACKBONE = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
    img_size=16,
    patch_size=8,
    out_type='featmap',
)
METHODS = {
    'Rotation': dict(type='Rotation', head=dict(type='PretextClsHead', in_channels=16, num_pretext_classes=4)),
    'Jigsaw': dict(
        type='Jigsaw',
        neck=dict(type='JigsawNeck', in_channels=16, hidden_channels=8, out_channels=12),
        head=dict(type='PretextClsHead', in_channels=12, num_pretext_classes=24),
    ),
    'Colorization': dict(
        type='Colorization',
        neck=dict(type='UpsamplingNeck', in_channels=16, hidden_channels=8, num_doublings=0),
        head=dict(type='ColorizationHead', in_channels=8),
        data_preprocessor=dict(mean=[120.0], std=[60.0], to_rgb=True),
    ),
    'BarlowTwins': dict(
        type='BarlowTwins',
        neck=dict(type='MLPNeck', in_channels=16, hidden_channels=8, out_channels=12, bias=False, last_bias=False),
        head=dict(type='CrossCorrelationHead'),
    ),
    'DenseCL': dict(
        type='DenseCL',
        neck=dict(type='DenseCLNeck', in_channels=16, hidden_channels=8, out_channels=12),
        head=dict(type='DenseCLHead', feat_channels=12, queue_length=4 * BATCH),
    ),
}


def build(method, share=slice(None)):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy({'backbone': BACKBONE, **METHODS[method]})).train()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    for norm in (part for part in model.modules() if isinstance(part, nn.BatchNorm2d)):
        norm.eval()  # as CPUs don't share statistics
    if method == 'Jigsaw':
        model.draw = lambda batch: torch.arange(BATCH)[share]
    return model


def batch_of(method, share=slice(None)):
    generator = torch.Generator().manual_seed(1)
    pictures = torch.randn(9, BATCH, 3, 16, 16, generator=generator)[:, share]
    return {'Rotation': pictures[0], 'Colorization': pictures[0], 'Jigsaw': [*pictures]}.get(method, [*pictures[:2]])


def step(model, inputs):
    """Loss and gradients by name."""
    inner = getattr(model, 'module', model)
    inner.begin_step(Progress(0, 2, 1))
    losses = model(inputs, mode='loss')
    loss = sum(value for name, value in losses.items() if name.startswith('loss'))
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in inner.named_parameters() if p.grad is not None}


@pytest.mark.parametrize('method', METHODS)
def test_two_processes_equal_one(method, run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        share = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
        model = SSLDistributedDataParallel(build(method, share), device_ids=[rank], broadcast_buffers=False)
        loss, grads = step(model, batch_of(method, share))
        distributed.all_reduce(loss)
        head = {name: buffer.numpy() for name, buffer in model.module.head.named_buffers()}
        return float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}, head

    alone = build(method)
    loss, grads = step(alone, batch_of(method))
    for rank_loss, rank_grads, head in run_ranks(on_rank, WORLD):
        assert rank_loss == pytest.approx(float(loss), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm()
            assert difference <= 1e-4 * grad.norm() + 1e-7, name
        for name, buffer in alone.head.named_buffers():
            torch.testing.assert_close(torch.from_numpy(head[name]), buffer, msg=lambda text, name=name: name + text)
