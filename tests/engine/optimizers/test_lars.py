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


@pytest.mark.parametrize('denominator', ['decayed_gradient', 'gradient_plus_decay'])
@pytest.mark.parametrize(('weight', 'gradient', 'expected'), [(0.0, 2.0, -0.2), (3.0, 0.0, 3.0), (0.0, 0.0, 0.0)])
def test_without_weights_or_gradient_there_is_no_ratio(weight, gradient, expected, denominator):
    param = nn.Parameter(torch.full((2, 2), weight))
    param.grad = torch.full((2, 2), gradient)
    LARS([param], lr=0.1, denominator=denominator).step()
    torch.testing.assert_close(param.detach(), torch.full((2, 2), expected))


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


@pytest.mark.parametrize('options', [dict(nesterov=True), dict(dampening=0.3), dict(nesterov=True, dampening=0.0)])
def test_momentum_is_that_of_torch(options):
    ours, theirs = (torch.nn.Parameter(torch.ones(3, 2)) for _ in range(2))
    sgd = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, **options)
    pairs = (ours, LARS([ours], lr=0.1, adapt=False, **options)), (theirs, sgd)
    for step in range(4):
        for param, optimizer in pairs:
            param.grad = torch.full((3, 2), 1.0 + step)
            optimizer.step()
    torch.testing.assert_close(ours, theirs)


def test_clipped_ratio_never_lengthens_a_step():
    small, large = (torch.nn.Parameter(torch.full((2, 2), value)) for value in (1.0, 1e6))
    optimizer = LARS([small, large], lr=0.1, trust_clip=True)
    for param in (small, large):
        param.grad = torch.ones(2, 2)
    before = large.detach().clone()
    optimizer.step()
    torch.testing.assert_close(small.detach(), torch.full((2, 2), 1.0 - 0.001))
    torch.testing.assert_close(before - large.detach(), torch.full((2, 2), 0.1), rtol=0, atol=0.1)


def test_states_from_before_the_later_options_are_taken_over():
    param = torch.nn.Parameter(torch.ones(2, 2))
    optimizer = LARS([param], lr=0.1)
    state = optimizer.state_dict()
    for option in ('trust_clip', 'dampening', 'nesterov'):
        del state['param_groups'][0][option]
    options = set(optimizer.param_groups[0])
    optimizer.load_state_dict(state)
    assert set(optimizer.param_groups[0]) == options
    param.grad = torch.ones(2, 2)
    optimizer.step()
    torch.testing.assert_close(param.detach(), torch.full((2, 2), 1 - 0.1 * 0.001))
    assert param.detach().lt(1).all()
