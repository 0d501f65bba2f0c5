import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from sslrecipes.models.heads import PretextClsHead


def test_weights_begin_small_and_biases_at_zero():
    head = PretextClsHead(200, 50)
    head.init_weights()
    assert float(head.fc.weight.detach().std()) == pytest.approx(0.01, rel=0.05)
    assert not head.fc.bias.any()


def test_guessing_has_the_trivial_loss_and_the_features_are_shown():
    head, shown = PretextClsHead(6, 5), {}
    head.observer = shown.__setitem__
    features = torch.randn(10, 6, requires_grad=True)
    labels = torch.arange(5).repeat(2)
    loss, accuracy = head.loss(features, labels)
    logits = head.fc(features)
    torch.testing.assert_close(loss, F.cross_entropy(logits, labels))
    assert float(accuracy) == pytest.approx(10 * int((logits.argmax(1) == labels).sum()))
    assert torch.equal(shown['embedding'], features)
    assert not shown['embedding'].requires_grad
    head.fc.requires_grad_(False).weight.zero_()
    head.fc.bias.zero_()
    assert float(head.loss(features, labels)[0].detach()) == pytest.approx(head.trivial_loss)
