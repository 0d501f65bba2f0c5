import math

import pytest
import torch
from torch import nn

from sslrecipes.distributed.joining import join_process_group
from sslrecipes.errors import ConfigError
from sslrecipes.evaluation.features import Features
from sslrecipes.evaluation.linear import ProbeSettings, StackedProbes, fit_linear_probes, linear_scores, train_probes


@pytest.fixture
def train(clusters):
    return Features(*clusters(100, noise=1.0))


def settings(**kwargs):
    return ProbeSettings(**{'lrs': (0.1,), 'epochs': 3, 'batch_size': 32, **kwargs})


def test_one_learning_rate_as_torch_sgd(train):
    options = settings(weight_decay=0.01, with_bn=False)
    ours = train_probes(train, options, num_classes=6)

    generator = torch.Generator().manual_seed(options.seed)
    layer = nn.Linear(12, 6)
    nn.init.trunc_normal_(layer.weight, std=options.init_std, generator=generator)
    nn.init.zeros_(layer.bias)
    groups = [dict(params=[layer.weight], weight_decay=0.01), dict(params=[layer.bias], weight_decay=0)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * step / 9)) / 2)
    for _ in range(3):
        order = torch.randperm(100, generator=generator)
        for rows in order[:96].split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(layer(train.x[rows]), train.y[rows]).backward()
            optimizer.step()
            schedule.step()
    torch.testing.assert_close(ours.weight[0], layer.weight)
    torch.testing.assert_close(ours.bias[0], layer.bias)


@pytest.mark.parametrize('with_bn', [False, True])
def test_probes_do_not_influence_each_other(train, with_bn):
    lrs = (0.01, 0.3, 100.0)
    together = train_probes(train, settings(lrs=lrs, with_bn=with_bn), num_classes=6)
    for probe, lr in enumerate(lrs):
        alone = train_probes(train, settings(lrs=(lr,), with_bn=with_bn), num_classes=6)
        torch.testing.assert_close(together.weight[probe], alone.weight[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together.weight[0], together.weight[1])


def test_same_seed_same_bits_and_global_randomness_untouched(train):
    before = torch.get_rng_state()
    first, second = (train_probes(train, settings(), num_classes=6) for _ in range(2))
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first.weight, train_probes(train, settings(seed=1), num_classes=6).weight)


def test_batch_norm_makes_probes_blind_to_the_scale_of_features(train):
    scaled = Features(train.x * torch.logspace(-2, 2, 12) + 5, train.y)
    plain, other = (train_probes(features, settings(), num_classes=6) for features in (train, scaled))
    torch.testing.assert_close(plain(train.x), other(scaled.x), rtol=1e-2, atol=1e-2)
    assert plain.norm.eps == 1e-6
    assert not list(plain.norm.parameters())


def test_scores_and_the_best(clusters, train):
    val = Features(*clusters(200, noise=1.0, seed=1))
    result = fit_linear_probes(train, val, settings(lrs=(1e-6, 0.1), epochs=20))
    assert result.scores[1]['top1'] > 85 > result.scores[0]['top1']
    assert result.best == (0.1, result.scores[1])
    assert set(result.scores[0]) == {'top1', 'top5', 'balanced'}


def test_a_class_only_in_the_training_data_is_known(train):
    val = Features(train.x[train.y == 0], train.y[train.y == 0])
    (scores,) = fit_linear_probes(train, val, settings(epochs=20)).scores
    assert train.y.max() == 5
    assert scores['top1'] > 85


def test_batch_larger_than_the_data(train):
    """All of it is one batch."""
    small = Features(train.x[:30], train.y[:30])
    whole, larger = (fit_linear_probes(small, small, settings(epochs=20, batch_size=size)) for size in (30, 512))
    assert whole == larger
    assert larger.best[1]['top1'] > 85


def test_logits_of_one_matrix_product_as_separate_ones():
    probes = StackedProbes(3, 12, 5, with_bn=False)
    nn.init.normal_(probes.weight)
    nn.init.normal_(probes.bias)
    x = torch.randn(4, 12)
    expected = torch.stack([x @ weight.T + bias for weight, bias in zip(probes.weight, probes.bias, strict=True)], 1)
    torch.testing.assert_close(probes(x), expected)


@pytest.mark.parametrize(
    'wrong', [dict(lrs=()), dict(lrs=(0.1, -1)), dict(epochs=0), dict(batch_size=0), dict(batch_size=1)]
)
def test_impossible_settings(wrong):
    with pytest.raises(ConfigError):
        settings(**wrong)


def test_one_learning_rate_may_be_a_number():
    assert ProbeSettings.of(dict(lrs=0.1, epochs=2)) == ProbeSettings(lrs=(0.1,), epochs=2)
    assert ProbeSettings.of(dict(lrs=[1, 2])).lrs == (1, 2)
    assert ProbeSettings.of({}) == ProbeSettings()
    assert ProbeSettings.of(dict(batch_size=1, with_bn=False)).batch_size == 1
    assert ProbeSettings.of(None) is None


@pytest.mark.parametrize('world', [2, 4])
def test_processes_share_the_learning_rates_and_agree(train, clusters, run_ranks, world):
    """Three learning rates: one process has two of them, or none."""
    val, three = Features(*clusters(60, noise=1.0, seed=1)), settings(lrs=(1e-6, 0.1, 1e-5))
    alone = linear_scores(train, val, three)
    assert alone['lr'] == 0.1

    def on_rank(rank, world):
        join_process_group('pytorch', timeout=60)
        seen = []
        scores = linear_scores(train, val, three, watch=lambda epochs: seen.append(len(epochs)) or epochs)
        return scores, seen

    shares = [2, 1] if world == 2 else [1, 1, 1, 0]
    assert run_ranks(on_rank, world) == [(alone, [3] * (share > 0)) for share in shares]
