"""W2SSL in two gloo processes: a whole step equals that of one process on the whole batch."""

import pytest
import torch
from mmpretrain.models.selfsup.simclr import GatherLayer
from torch import nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.engine.data_parallel import SSLDistributedDataParallel
from sslrecipes.engine.optimizers import ParamGroupsConstructor
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.methods import w2ssl
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS

WORLD, BATCH = 2, 4
NO_BIAS = dict(with_bn=True, bias=False, last_bias=False)
PLACE = Progress(1, 4, 2)


class GatheredNorm(nn.BatchNorm2d):
    """What a SyncBatchNorm does, which has no implementation for CPUs: the statistics are those of all processes."""

    def forward(self, maps):
        everything = super().forward(gather_rows(maps))
        return everything if len(everything) == len(maps) else everything.chunk(WORLD)[torch.distributed.get_rank()]


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), GatheredNorm(6)

    def init_weights(self):
        pass

    def forward(self, images):
        return (self.norm(self.conv(images)).relu(),)


def build(regions, shuffle='global'):
    torch.manual_seed(0)
    neck = dict(type='MLPNeck', in_channels=6, hidden_channels=8, out_channels=5, last_norm='plain', **NO_BIAS)
    predictor = dict(in_channels=5, hidden_channels=8, out_channels=5, **NO_BIAS)
    head = dict(type='W2SSLHead', in_channels=6, num_regions=regions, predictor=predictor)
    model = MODELS.build(dict(type='W2SSL', backbone=dict(type=Backbone), neck=neck, head=head, shuffle=shuffle))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.5)
    return model.train()


def views(regions):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(WORLD * BATCH, 3, 6, 6, generator=generator) for _ in range(2 * regions)]


def train(model, inputs):
    """Loss, gradients and state of a step of LARS."""
    inner = getattr(model, 'module', model)
    optimizer = dict(type='LARS', lr=0.1, momentum=0.9, weight_decay=1e-6, adapt_vectors=False)
    wrapper = ParamGroupsConstructor(dict(type='OptimWrapper', optimizer=optimizer))(inner)
    inner.begin_step(PLACE)
    losses = model(inputs, mode='loss')
    loss = losses['loss_what'] + losses['loss_where']
    loss.backward()
    gradients = {name: p.grad.clone().numpy() for name, p in inner.named_parameters() if p.grad is not None}
    wrapper.step()
    return float(loss.detach()), gradients, {name: value.numpy() for name, value in inner.state_dict().items()}


def on_ranks(run_ranks, regions, **options):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        model = SSLDistributedDataParallel(build(regions, **options), broadcast_buffers=False)
        torch.manual_seed(rank)  # as with diff_rank_seed
        own = slice(rank * BATCH, (rank + 1) * BATCH)
        return train(model, [view[own] for view in views(regions)])

    return run_ranks(on_rank, WORLD)


def differences(result, expected):
    """Relative differences of the gradients."""
    pairs = {name: (torch.as_tensor(result[name]), torch.as_tensor(grad)) for name, grad in expected.items()}
    return {name: float((one - other).norm() / other.norm().clamp_min(1e-9)) for name, (one, other) in pairs.items()}


@pytest.mark.parametrize('regions', [2, 4])
def test_two_processes_equal_one(regions, run_ranks):
    results = on_ranks(run_ranks, regions)
    torch.manual_seed(0)  # the permutation is that of process 0
    alone = build(regions)
    torch.manual_seed(0)
    loss, gradients, state = train(alone, views(regions))
    for rank_loss, rank_gradients, rank_state in results:
        assert rank_loss == pytest.approx(loss, rel=1e-5)
        assert rank_gradients.keys() == gradients.keys()
        assert max(differences(rank_gradients, gradients).values()) < 1e-3
        for name, value in state.items():
            torch.testing.assert_close(torch.as_tensor(rank_state[name]), torch.as_tensor(value), rtol=1e-4, atol=1e-5)


def test_a_gather_that_sums_no_gradients_would_not(run_ranks, monkeypatch):
    """The encoder's gradients would be too small by the number of processes, those of the heads would not."""
    monkeypatch.setattr(w2ssl, 'gather_rows', lambda rows: torch.cat(GatherLayer.apply(rows)))
    results = on_ranks(run_ranks, regions=2)
    monkeypatch.undo()
    alone = build(2)
    torch.manual_seed(0)
    _, gradients, _ = train(alone, views(2))
    wrong = differences(results[0][1], gradients)
    assert wrong['backbone.norm.bias'] == pytest.approx(1 - 1 / WORLD, rel=1e-2)
    assert wrong['head.where.weight'] < 1e-4


def test_local_montages_hold_images_of_their_process(run_ranks):
    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        torch.manual_seed(rank)
        montages = build(2, shuffle='local').montages
        arrangement = montages.arrange(BATCH, torch.device('cpu'))
        pixels = [
            (torch.arange(BATCH) + BATCH * rank + 100.0 * region).view(-1, 1, 1, 1).expand(-1, 3, 1, 1)
            for region in (0, 1)
        ]
        built = gather_rows(montages.build(pixels, arrangement))
        labels = (arrangement.images + 100 * arrangement.regions).view(4, -1).T.float()
        return built[:, 0].flatten(1).numpy(), labels.numpy()

    for built, labels in run_ranks(on_rank, WORLD):
        assert (built == labels).all()
        assert {*(built[: BATCH // 2] % 100 // BATCH).flatten()} == {0}
        assert {*(built[BATCH // 2 :] % 100 // BATCH).flatten()} == {1}


def test_gathered_rows_and_gradients_need_not_be_contiguous(run_ranks):
    """Nor alike on all processes; and what comes from behind is left as it is."""

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        rows = torch.full((3, 2), float(rank), requires_grad=True)
        gathered, behind = gather_rows(rows.T), []
        gathered.register_hook(behind.append)
        weights = torch.arange(12.0).view(3, 4)
        (gathered * weights.T.contiguous() if rank else gathered.T * weights).sum().backward()
        return gathered.detach().numpy(), rows.grad.T.numpy(), behind[0].numpy()

    weights = torch.arange(12.0).view(3, 4).T
    for rank, (gathered, gradient, behind) in enumerate(run_ranks(on_rank, WORLD)):
        assert gathered.tolist() == [[0] * 3] * 2 + [[1] * 3] * 2
        assert torch.equal(torch.as_tensor(gradient), WORLD * weights[2 * rank : 2 * rank + 2])
        assert torch.equal(torch.as_tensor(behind), weights)
