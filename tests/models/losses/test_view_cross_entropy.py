import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.losses.view_cross_entropy import view_cross_entropy


def test_mean_over_views_of_torchs_cross_entropy():
    targets, logits = torch.randn(4, 5).softmax(1), torch.randn(3, 4, 5)
    expected = torch.stack([F.cross_entropy(view, targets) for view in logits]).mean()
    torch.testing.assert_close(view_cross_entropy(targets, logits.log_softmax(2)), expected)
