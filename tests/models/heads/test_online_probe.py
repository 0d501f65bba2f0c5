import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.heads.online_probe import OnlineProbe


def test_steps_are_those_of_autograd_and_torch_sgd():
    probe, layer = OnlineProbe(5, 3), torch.nn.Linear(5, 3)
    for parameter in layer.parameters():
        torch.nn.init.zeros_(parameter)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.3, momentum=0.9)
    for _ in range(4):
        features, labels = 3 + 2 * torch.randn(8, 5), torch.randint(3, (8,))
        accuracy = probe.step(features, labels, lr=5 * 0.3, momentum=0.9)
        rows = (features - probe.mean) / probe.variance.sqrt()
        logits = layer(rows)
        assert accuracy == pytest.approx(100 * (logits.argmax(1) == labels).float().mean().item())
        optimizer.zero_grad()
        F.cross_entropy(logits, labels).backward()
        optimizer.step()
    assert torch.allclose(probe.weight, torch.cat([layer.weight, layer.bias[:, None]], dim=1), atol=1e-5)
    assert torch.allclose(probe(features), layer(rows), atol=1e-5)


def test_statistics_are_means_of_the_first_steps():
    probe, batches = OnlineProbe(5, 3), 3 + 2 * torch.randn(4, 8, 5)
    for features in batches:
        probe.step(features, torch.zeros(8, dtype=torch.long), lr=0.1, momentum=0.9)
    assert torch.allclose(probe.mean, batches.mean(dim=(0, 1)), atol=1e-5)
    assert torch.allclose(probe.variance, batches.var(dim=1, correction=0).mean(dim=0), atol=1e-4)


def test_neither_scale_nor_shift_of_features_matters():
    features, labels = torch.randn(6, 32, 5), torch.randint(3, (6, 32))
    probes = OnlineProbe(5, 3), OnlineProbe(5, 3)
    for x, y in zip(features, labels, strict=True):
        probes[0].step(x, y, lr=1.0, momentum=0.9)
        probes[1].step(100 * x + 50, y, lr=1.0, momentum=0.9)
    assert torch.allclose(probes[0](x), probes[1](100 * x + 50), atol=1e-3)


def test_no_optimizer_sees_it_but_checkpoints_do():
    probe = OnlineProbe(5, 3)
    assert not list(probe.parameters())
    assert set(probe.state_dict()) == {'weight', 'velocity', 'mean', 'variance', 'steps'}
