import pytest
import torch

from sslrecipes.errors import ConfigError
from sslrecipes.models.heads import CrossCorrelationHead, cross_correlation_head


def test_the_weight_is_the_papers_and_both_views_are_shown():
    head, shown = CrossCorrelationHead(), {}
    assert head.off_weight == 0.0051
    head.observer = shown.__setitem__
    one, other = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3)
    head.loss(one, other)
    assert torch.equal(shown['embedding'], torch.cat([one, other]))
    assert not shown['embedding'].requires_grad


def test_images_of_all_processes_are_counted(monkeypatch):
    monkeypatch.setattr(cross_correlation_head, 'get_world_size', lambda: 2)
    CrossCorrelationHead().check_batches({1})
    monkeypatch.undo()
    with pytest.raises(ConfigError, match='batches of one image'):
        CrossCorrelationHead().check_batches({1})
