import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads import MoCoV3Head

PREDICTOR = dict(in_channels=4, hidden_channels=6, out_channels=4)


def rows(count=5, seed=0):
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def test_the_loss_of_equal_images_is_known_with_the_batch():
    head = MoCoV3Head(PREDICTOR, temperature=0.2)
    assert head.trivial_loss is None
    head.check_batches({3, 4})
    equal = torch.ones(4, 4)
    assert head.loss([equal, equal], [equal, equal]).item() == pytest.approx(head.trivial_loss)
    with pytest.raises(ConfigError, match='an image has no negatives on its own'):
        head.check_batches({1, 4})


def test_the_temperature_is_one_unless_told_otherwise():
    """That of ResNets; ViTs have 0.2."""
    assert MoCoV3Head(PREDICTOR).temperature == 1


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_similarities_are_computed_in_float32(dtype):
    head = MoCoV3Head(PREDICTOR, temperature=0.01)
    queries, keys = rows().to(dtype).requires_grad_(), rows(seed=1).to(dtype)
    with torch.autocast('cpu', dtype=dtype):
        loss = head.compare(queries, keys)
    loss.backward()
    logits = F.normalize(queries.detach().float(), dim=1) @ F.normalize(keys.float(), dim=1).T / 0.01
    torch.testing.assert_close(loss.detach(), 0.02 * F.cross_entropy(logits, torch.arange(5)))
    assert queries.grad.isfinite().all()


def test_the_predictions_of_both_views_are_shown():
    head, shown = MoCoV3Head(PREDICTOR), {}
    head.observer = shown.__setitem__
    head.loss([rows(), rows(seed=1)], [rows(), rows()])
    torch.testing.assert_close(shown['embedding'], head.predictor(torch.cat([rows(), rows(seed=1)])))
    assert not shown['embedding'].requires_grad
