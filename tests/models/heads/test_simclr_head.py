import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.errors import ConfigError, RunError
from sslrecipes.models.heads import SimCLRHead


def rows(count=8, width=4, seed=0):
    return F.normalize(torch.randn(count, width, generator=torch.Generator().manual_seed(seed)), dim=1)


def test_the_base_temperature_is_a_factor_of_the_loss():
    embeddings = rows().requires_grad_()
    plain, scaled = SimCLRHead(temperature=0.5), SimCLRHead(temperature=0.5, base_temperature=0.07)
    first, second = (torch.autograd.grad(head.loss(embeddings), embeddings)[0] for head in (plain, scaled))
    torch.testing.assert_close(scaled.loss(embeddings), plain.loss(embeddings) * 0.5 / 0.07)
    torch.testing.assert_close(second, first * 0.5 / 0.07)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_a_low_temperature_overflows_nowhere(dtype):
    embeddings = rows().to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=dtype):
        loss = SimCLRHead(temperature=0.01).loss(embeddings)
    loss.backward()
    exact = SimCLRHead(temperature=0.01).loss(embeddings.detach().double().float())
    torch.testing.assert_close(loss.detach(), exact)
    assert embeddings.grad.isfinite().all()


def test_equal_images_are_told_from_the_anchor_itself():
    """Subtracting e^(1/T) for the anchor would leave zero, or less, of the sum."""
    loss = SimCLRHead(temperature=0.01).loss(torch.ones(2, 1))
    assert loss.item() == 0.0


def test_the_loss_of_equal_images_is_known_with_the_batch():
    head = SimCLRHead(temperature=0.5, base_temperature=0.25)
    assert head.trivial_loss is None
    head.check_batches({3, 4})
    assert head.loss(torch.ones(8, 1)).item() == pytest.approx(head.trivial_loss)
    with pytest.raises(ConfigError, match='an image has no negatives on its own'):
        head.check_batches({1, 4})


def test_an_anchor_without_its_second_view_is_an_error():
    with pytest.raises(RunError, match='two views of each image, but 7 rows came'):
        SimCLRHead().loss(rows(7))


@pytest.mark.parametrize('options', [dict(temperature=0), dict(base_temperature=-0.07), dict(temperature='hot')])
def test_temperatures_are_positive_numbers(options):
    with pytest.raises(ConfigError, match=r'temperature is .* but must be a number above 0'):
        SimCLRHead(**options)
