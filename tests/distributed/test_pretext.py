"""Pretext tasks in two gloo processes, each with half a batch: loss and gradients are those of one process."""

import copy

import pytest
import torch
from torch import distributed, nn

from sslrecipes.engine.distributed import SSLDistributedDataParallel, init_cpu_process_group
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, WORLD = 6, 2
#: Without batch norms, which CPUs don't share.
BACKBONE = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
    img_size=16,
    patch_size=8,
    out_type='cls_token',
)
METHODS = {
    'Rotation': dict(type='Rotation', head=dict(type='PretextClsHead', in_channels=16, num_pretext_classes=4)),
    'Jigsaw': dict(
        type='Jigsaw',
        neck=dict(type='JigsawNeck', in_channels=16, hidden_channels=8, out_channels=12),
        head=dict(type='PretextClsHead', in_channels=12, num_pretext_classes=24),
    ),
}


def build(method, share=slice(None)):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy({'backbone': BACKBONE, **METHODS[method]})).train()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    if method == 'Jigsaw':
        model.draw = lambda batch: torch.arange(BATCH)[share]
    return model


def batch_of(method, share=slice(None)):
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand(9, BATCH, 3, 16, 16, generator=generator)[:, share]
    return [*pictures] if method == 'Jigsaw' else pictures[0]


def step(model, inputs):
    """Loss and gradients by name."""
    inner = getattr(model, 'module', model)
    inner.begin_step(Progress(0, 2, 1))
    losses = model(inputs, mode='loss')
    (loss,) = (value for name, value in losses.items() if name.startswith('loss'))
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in inner.named_parameters() if p.grad is not None}


@pytest.mark.parametrize('method', METHODS)
def test_two_processes_equal_one(method, run_ranks):
    def on_rank(rank, world):
        init_cpu_process_group('pytorch', timeout=60)
        share = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
        model = SSLDistributedDataParallel(build(method, share), device_ids=[rank], broadcast_buffers=False)
        loss, grads = step(model, batch_of(method, share))
        distributed.all_reduce(loss)
        return float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}

    loss, grads = step(build(method), batch_of(method))
    for rank_loss, rank_grads in run_ranks(on_rank, WORLD):
        assert rank_loss == pytest.approx(float(loss), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm()
            assert difference <= 1e-4 * grad.norm() + 1e-7, name
