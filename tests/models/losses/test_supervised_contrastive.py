"""The loss in blocks against the whole matrix of similarities."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch.utils._python_dispatch import TorchDispatchMode

from sslrecipes.models.losses import supervised_contrastive
from sslrecipes.models.losses.supervised_contrastive import supervised_contrastive_loss


def whole_matrix(rows, labels, temperature):
    """Row by row, as the formula says."""
    similarities = rows @ rows.T / temperature
    terms = []
    for i in range(len(rows)):
        others = torch.cat([similarities[i, :i], similarities[i, i + 1 :]])
        positives = [j for j in range(len(rows)) if j != i and labels[j] == labels[i]]
        terms.append(-torch.stack([similarities[i, j] - others.logsumexp(0) for j in positives]).mean())
    return torch.stack(terms).mean()


@pytest.mark.parametrize('temperature', [0.3, 0.07, 0.01])
@pytest.mark.parametrize('per_label', [2, 4, 8])
@pytest.mark.parametrize('block', [5, 1024])
def test_loss_and_gradient(temperature, per_label, block, monkeypatch):
    monkeypatch.setattr(supervised_contrastive, 'BLOCK', block)
    raw = torch.randn(3 * per_label, 6, dtype=torch.float64).float()
    labels = torch.arange(3).repeat(per_label)
    results = []
    for function in (supervised_contrastive_loss, whole_matrix):
        leaf = raw.clone().requires_grad_()
        loss = function(F.normalize(leaf, dim=1), labels, temperature)
        (3 * loss).backward()
        results.append((loss, leaf.grad))
    torch.testing.assert_close(*(loss for loss, _ in results), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(*(grad for _, grad in results), rtol=1e-4, atol=1e-5)


def test_positives_at_any_distance_and_unequal_numbers_of_them():
    rows = F.normalize(torch.randn(7, 4), dim=1)
    labels = torch.tensor([5, 2, 2, 5, 2, 9, 9])
    torch.testing.assert_close(supervised_contrastive_loss(rows, labels, 0.3), whole_matrix(rows, labels, 0.3))


def test_alike_rows_have_the_loss_of_guessing():
    rows = F.normalize(torch.ones(8, 4), dim=1)
    loss = supervised_contrastive_loss(rows, torch.arange(4).repeat(2), 0.3)
    assert float(loss) == pytest.approx(float(torch.tensor(7.0).log()), rel=1e-5)


def test_half_precision_is_computed_in_single():
    rows = F.normalize(torch.randn(8, 4), dim=1).bfloat16()
    labels = torch.arange(4).repeat(2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = supervised_contrastive_loss(rows, labels, 0.3)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, whole_matrix(rows.float(), labels, 0.3))


class Allocations(TorchDispatchMode):
    """Largest tensor that any operation makes, in elements, and the sum of those that are alive at the end of each."""

    largest = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.largest = max(self.largest, tensor.untyped_storage().nbytes())
        return result


def test_the_whole_matrix_is_never_there(monkeypatch):
    """Neither in the forward pass nor in the backward pass, for which only the gradient of the rows is kept."""
    count, block = 256, 16
    monkeypatch.setattr(supervised_contrastive, 'BLOCK', block)
    rows = F.normalize(torch.randn(count, 8), dim=1).requires_grad_()
    kept = []
    with Allocations() as seen, torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        supervised_contrastive_loss(rows, torch.arange(count // 4).repeat(4), 0.3).backward()
    assert seen.largest <= 4 * block * count
    assert sum(tensor.numel() for tensor in kept) <= 2 * rows.numel()
