import pytest
import torch
from torch import nn

from sslrecipes.engine.optimizers import LARS
from sslrecipes.errors import ConfigError
from sslrecipes.registry import OPTIMIZERS


def test_replaces_mmpretrains_class_in_our_scope():
    assert OPTIMIZERS.get('LARS') is LARS


def test_parameters_without_gradient_keep_their_momentum():
    weight, frozen = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2, 2))
    optimizer = LARS([weight, frozen], lr=0.1)
    for step in range(2):
        weight.grad = torch.ones(2, 2)
        frozen.grad = torch.ones(2, 2) if step == 0 else None
        optimizer.step()
        if step == 0:
            after = frozen.detach().clone(), optimizer.state[frozen]['momentum_buffer'].clone()
    assert torch.equal(frozen, after[0])
    assert torch.equal(optimizer.state[frozen]['momentum_buffer'], after[1])


def test_state_survives_a_round_trip():
    def trained(steps, state=None):
        torch.manual_seed(0)
        weight = nn.Parameter(torch.randn(3, 2))
        optimizer = LARS([weight], lr=0.5, weight_decay=0.1)
        if state:
            weight.data.copy_(state[0])
            optimizer.load_state_dict(state[1])
        for _ in range(steps):
            weight.grad = weight.detach() + 1
            optimizer.step()
        return weight.detach(), optimizer.state_dict()

    assert torch.equal(trained(2, trained(2))[0], trained(4)[0])


@pytest.mark.parametrize('options', [dict(lr=-1.0), dict(momentum=-0.1), dict(denominator='norm')])
def test_impossible_options_are_refused(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        LARS([nn.Parameter(torch.ones(2))], **{'lr': 0.1, **options})
