import torch

from sslrecipes.models.losses.feature_regression import masked_mse, normalize_over_patches


def test_normalisation_runs_over_patches():
    x = torch.randn(2, 9, 4) * 5 + 3
    y = normalize_over_patches(x)
    torch.testing.assert_close(y.mean(1), torch.zeros(2, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.std(1), torch.ones(2, 4), atol=1e-4, rtol=0)


def test_visible_patches_do_not_count():
    pred, target, mask = torch.randn(2, 4, 3), torch.randn(2, 4, 3), torch.tensor([[1.0, 0, 1, 0]] * 2)
    loss = masked_mse(pred, target, mask)
    torch.testing.assert_close(loss, torch.nn.functional.mse_loss(pred[:, ::2], target[:, ::2]))
    pred[:, 1] += 100
    assert torch.equal(masked_mse(pred, target, mask), loss)
