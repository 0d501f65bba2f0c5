"""Two gloo processes with half a batch each equal one process: losses, gradients, queues and centres."""

import pytest
import torch
from mmpretrain.structures import DataSample
from torch import distributed, nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, STEPS, CLASSES = 6, 4, 3
ARCH = dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32)
WEIGHTS = (0.4, 0.6)

DINO = dict(
    type='DINO',
    neck=dict(type='DINONeck', in_channels=16, hidden_channels=24, bottleneck_channels=8, out_channels=10,
              with_bn=False),
    head=dict(type='DINOHead', out_channels=10, loss_weights=WEIGHTS),
)  # fmt: skip
SWAV = dict(
    type='SwAV',
    neck=dict(type='SwAVNeck', in_channels=16, hidden_channels=24, out_channels=8, num_prototypes=10),
    head=dict(type='SwAVHead', feat_channels=8, loss_weights=WEIGHTS, queue_length=2 * BATCH, queue_start_epoch=0),
)
MOCO = dict(
    type='MoCo',
    neck=dict(type='MoCoNeck', in_channels=16, hidden_channels=24, out_channels=8),
    head=dict(type='MoCoHead', feat_channels=8, loss_weights=WEIGHTS, queue_length=3 * BATCH),
)
METHODS = pytest.mark.parametrize('cfg', [DINO, SWAV, MOCO], ids=['DINO', 'SwAV', 'MoCo'])


def build(cfg):
    """The method without statistics over batches, which CPUs don't share, and with weights that matter."""
    torch.manual_seed(0)
    vit = dict(type='VisionTransformer', arch=ARCH, img_size=16, patch_size=8, out_type='cls_token')
    model = MODELS.build(dict(backbone=vit, probe=dict(in_channels=16, num_classes=CLASSES), **cfg)).train()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()
    return model


def batches(share=slice(None)):
    """Views and labels of some steps; ``share`` of the images."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        views = [torch.randn(BATCH, 3, size, size, generator=generator)[share] for size in (16, 16, 8, 8, 8)]
        labels = torch.randint(CLASSES, (BATCH,), generator=generator)[share]
        yield views, [DataSample().set_gt_label(label) for label in labels]


def run(model, share=slice(None)):
    """Loss and gradients by name of each step, the weights staying as they are."""
    inner = getattr(model, 'module', model)
    for step, (views, samples) in enumerate(batches(share)):
        inner.begin_step(Progress(step, STEPS, 1))
        losses = model(views, samples, mode='loss')
        inner.zero_grad()
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        loss = next(value.detach() for name, value in losses.items() if name != 'loss_probe')
        yield loss, {name: p.grad.clone() for name, p in inner.named_parameters() if p.grad is not None}


def on_rank(cfg, rank, world, seed=0):
    join_process_group('pytorch', timeout=60)
    model = SSLDistributedDataParallel(build(cfg), device_ids=[rank], broadcast_buffers=False)
    torch.manual_seed(seed + rank)  # what ranks draw by themselves differs
    results = []
    for loss, grads in run(model, slice(rank * BATCH // world, (rank + 1) * BATCH // world)):
        distributed.all_reduce(loss)
        results.append((float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}))
    return results, {name: buffer.numpy() for name, buffer in model.module.head.named_buffers()}


@METHODS
def test_two_processes_equal_one(cfg, run_ranks):
    alone = build(cfg)
    expected = list(run(alone))
    ranks = run_ranks(lambda rank, world: on_rank(cfg, rank, world))
    for results, _ in ranks:
        for (loss, grads), (rank_loss, rank_grads) in zip(expected, results, strict=True):
            assert rank_loss == pytest.approx(float(loss), rel=1e-5)
            assert rank_grads.keys() == grads.keys()
            for name, grad in grads.items():
                difference = (torch.from_numpy(rank_grads[name]) - grad).norm()
                assert difference <= 1e-4 * grad.norm() + 1e-7, name
    compare_buffers(dict(alone.head.named_buffers()), [buffers for _, buffers in ranks])


def compare_buffers(alone, ranks):
    """Ranks have the same buffers as one process, except that each has its own rows of SwAV's queue."""
    if 'queue_layout' in alone:
        rows, world = ranks[0]['queue_layout'].tolist()
        assert (rows, world) == (BATCH, 2)
        stacked = torch.cat([torch.from_numpy(buffers['queue'][:, :rows]) for buffers in ranks], dim=1)
        assert not torch.equal(*stacked.chunk(2, dim=1))
        torch.testing.assert_close(*(rows_in_order(queue) for queue in (stacked, alone['queue'])))
        return
    for buffers in ranks:
        for name, value in alone.items():
            torch.testing.assert_close(torch.from_numpy(buffers[name]), value, msg=lambda text, name=name: name + text)


def rows_in_order(queue):
    return torch.stack([torch.stack(sorted(view.unbind(), key=lambda row: row[0].item())) for view in queue])


def test_images_are_exchanged_before_keys_are_made(run_ranks):
    """Each process makes keys of a share of the same permutation, which follows from its seed."""

    def encoded(rank, world):
        join_process_group('pytorch', timeout=60)
        model = build(MOCO)
        seen = []
        model.momentum_encoder.backbone.register_forward_hook(lambda _, args, __: seen.append(args[0][:, 0, 0, 0]))
        images = torch.arange(rank * 3.0, rank * 3.0 + 3).view(-1, 1, 1, 1).expand(-1, 3, 16, 16)
        torch.manual_seed(rank)
        keys = model.encode_keys(images)
        torch.testing.assert_close(keys, model._encode(images))
        return seen[0].tolist()

    first, second = run_ranks(encoded)
    torch.manual_seed(0)
    assert first + second == torch.randperm(6).tolist()
