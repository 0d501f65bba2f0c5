"""Methods on two views in two gloo processes, each with half a batch."""

import copy

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import distributed, nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

BATCH, WORLD = 6, 2
NECK = dict(type='MLPNeck', in_channels=16, hidden_channels=24, out_channels=8)
PREDICTOR = dict(in_channels=8, hidden_channels=24, out_channels=8)
MOCO_HEAD = dict(type='MoCoHead', feat_channels=8, loss_weights=(1.0,), queue_length=4 * BATCH)
METHODS = {
    'BYOL': dict(type='BYOL', head=dict(type='PredictionHead', predictor=PREDICTOR, distance='squared')),
    'SimSiam': dict(type='SimSiam', head=dict(type='PredictionHead', predictor=PREDICTOR, distance='cosine')),
    'SimCLR': dict(type='SimCLR', head=dict(type='SimCLRHead')),
    'MoCo': dict(type='MoCo', head=MOCO_HEAD, key_view=1),
    'MoCoV3': dict(type='MoCoV3', head=dict(type='MoCoV3Head', predictor=PREDICTOR, temperature=0.2)),
    'symmetric MoCo': dict(type='MoCo', head=MOCO_HEAD, symmetric=True),
}
NO_CONV5 = dict(num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,))
VIT = dict(
    type='VisionTransformer',
    arch=dict(embed_dims=16, num_layers=2, num_heads=2, feedforward_channels=32),
    img_size=16,
    patch_size=8,
    out_type='cls_token',
)


def build(cfg, **parts):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy({'backbone': VIT, 'neck': NECK, **cfg, **parts})).train()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model


def views(size=16):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(BATCH, 3, size, size, generator=generator) for _ in range(2)]


def share(rank):
    return slice(rank * BATCH // WORLD, (rank + 1) * BATCH // WORLD)


def step(model, images):
    """Loss and gradients by name."""
    inner = getattr(model, 'module', model)
    inner.begin_step(Progress(0, 2, 1))
    (loss,) = model(images, mode='loss').values()
    loss.backward()
    return loss.detach(), {name: p.grad.clone() for name, p in inner.named_parameters() if p.grad is not None}


def on_ranks(run_ranks, cfg, change=nn.Module.train, **parts):
    """Mean loss, gradients and queue of each rank, of a model that was changed."""

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        model = SSLDistributedDataParallel(change(build(cfg, **parts)), device_ids=[rank], broadcast_buffers=False)
        torch.manual_seed(rank)
        loss, grads = step(model, [view[share(rank)] for view in views()])
        distributed.all_reduce(loss)
        queue = getattr(model.module.head, 'queue', torch.zeros(0))
        return float(loss) / world, {name: grad.numpy() for name, grad in grads.items()}, queue.numpy()

    return run_ranks(on_rank, WORLD)


def compare(results, loss, grads):
    for rank_loss, rank_grads, _ in results:
        assert rank_loss == pytest.approx(float(loss.detach()), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm()
            assert difference <= 1e-4 * grad.norm() + 1e-7, name


@pytest.mark.parametrize('method', METHODS)
def test_two_processes_equal_one(method, run_ranks):
    """SimCLR's rows and MoCo v3's keys are gathered in an order in which each finds its positive."""
    alone = build(METHODS[method])
    results = on_ranks(run_ranks, METHODS[method])
    compare(results, *step(alone, views()))
    if method == 'MoCo':  # a symmetric queue has the same keys in another order
        for *_, queue in results:
            torch.testing.assert_close(torch.from_numpy(queue), alone.head.queue)


class SyncedNorm(nn.modules.batchnorm._BatchNorm):
    """What ``nn.SyncBatchNorm`` computes, which there is on no CPU: statistics of the batches of all processes."""

    def _check_input_dim(self, *_):
        pass

    def forward(self, batch):
        everything = gather_rows(batch)
        dims = [0, *range(2, batch.ndim)]
        variance, mean = torch.var_mean(everything, dims, correction=0, keepdim=True)
        shape = (1, -1, *[1] * (batch.ndim - 2))
        unit = (batch - mean) * (variance + self.eps).rsqrt()
        return unit if self.weight is None else unit * self.weight.view(shape) + self.bias.view(shape)


def synced(model):
    """The model with synchronised batch norms."""
    for parent in list(model.modules()):
        for name, part in parent.named_children():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                norm = SyncedNorm(part.num_features, part.eps, affine=part.affine)
                norm.load_state_dict(part.state_dict())
                setattr(parent, name, norm.requires_grad_(next(part.parameters(), norm.running_mean).requires_grad))
    return model


@pytest.mark.parametrize('backbone', [VIT, dict(type='ResNet', depth=18, stem_channels=2, base_channels=2)])
def test_two_processes_with_synchronised_batch_norms_equal_one(backbone, run_ranks):
    """The whole step of MoCo v3: its loss counts on batch norms of the whole batch."""
    norms = dict(with_bn=True, bias=False, last_bias=False, last_norm='plain')
    head = dict(METHODS['MoCoV3']['head'], predictor=dict(PREDICTOR, **norms))
    cfg = dict(METHODS['MoCoV3'], head=head, neck=dict(NECK, num_layers=3, **norms), backbone=backbone)
    results = on_ranks(run_ranks, cfg, change=synced)
    loss, grads = step(build(cfg), views())
    for rank_loss, rank_grads, _ in results:
        assert rank_loss == pytest.approx(float(loss), rel=1e-5)
        assert rank_grads.keys() == grads.keys()
        largest = max(float(grad.norm()) for grad in grads.values())
        for name, grad in grads.items():
            difference = (torch.from_numpy(rank_grads[name]) - grad).norm()
            assert difference <= 1e-4 * grad.norm() + 1e-5 * largest, name


def test_local_negatives_are_those_of_the_process(run_ranks):
    cfg = dict(METHODS['SimCLR'], head=dict(type='SimCLRHead', gather=False))
    results = on_ranks(run_ranks, cfg)
    model = build(cfg)
    losses = [model([view[share(rank)] for view in views()], mode='loss')['loss_simclr'] for rank in range(WORLD)]
    loss = torch.stack(losses).mean()
    loss.backward()
    compare(results, loss, {name: p.grad for name, p in model.named_parameters() if p.grad is not None})


@pytest.mark.parametrize(
    'stages', [dict(base_channels=2), dict(base_channels=4, **NO_CONV5)], ids=['whole', 'no conv5']
)
def test_moco_with_batch_norms_of_each_process(stages, run_ranks):
    """Queries in halves as they come, keys in halves of a permutation; the queue gets the keys of both in order."""
    backbone = dict(type='ResNet', depth=18, stem_channels=2, **stages)
    results = on_ranks(run_ranks, METHODS['MoCo'], backbone=backbone)
    model = build(METHODS['MoCo'], backbone=backbone)
    model.begin_step(Progress(0, 2, 1))
    queries_of, keys_of = views()
    torch.manual_seed(0)
    order = torch.randperm(BATCH)
    keys = torch.empty(BATCH, 8)
    for rank in range(WORLD):
        keys[order[share(rank)]] = model._encode(keys_of[order[share(rank)]])
    losses = []
    for rank in range(WORLD):
        queries = F.normalize(model.neck(model.extract_feat(queries_of[share(rank)])), dim=1)
        logits = torch.cat([(queries * keys[share(rank)]).sum(1, keepdim=True), queries @ model.head.queue], 1) / 0.2
        losses.append(F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)))
    loss = torch.stack(losses).mean()
    loss.backward()
    compare(results, loss, {name: p.grad for name, p in model.named_parameters() if p.grad is not None})
    for *_, queue in results:
        torch.testing.assert_close(torch.from_numpy(queue)[:, :BATCH], keys.T)
