import pytest
import torch
from torch import nn

from sslrecipes.engine.optimizers import AmpOptimWrapper, OptimWrapper
from sslrecipes.errors import ConfigError


def wrapper(cls=OptimWrapper, **kwargs):
    torch.manual_seed(0)
    net = nn.Linear(4, 4)
    return net, cls(optimizer=torch.optim.SGD(net.parameters(), lr=0.1), **kwargs)


def run(net, optim, batches):
    for x in batches:
        with optim.optim_context(net):
            loss = net(x).square().mean()
        optim.update_params(loss)


def test_accumulation_equals_one_large_batch():
    x = torch.randn(4, 2, 4)
    net, optim = wrapper(accumulative_counts=4)
    run(net, optim, x)
    whole, optim_whole = wrapper()
    run(whole, optim_whole, [x.flatten(0, 1)])
    torch.testing.assert_close(net.weight, whole.weight)


def test_left_over_micro_batches_are_dropped_at_the_epoch():
    x = torch.randn(3, 2, 4)
    net, optim = wrapper(accumulative_counts=2)
    optim.initialize_count_status(net, 0, 6)
    for _ in range(2):
        optim.begin_epoch()
        run(net, optim, x)
    expected, reference = wrapper(accumulative_counts=2)
    run(expected, reference, [*x[:2], *x[:2]])
    torch.testing.assert_close(net.weight, expected.weight)


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_autocast_on_cpu(dtype):
    net, optim = wrapper(AmpOptimWrapper, dtype=dtype)
    before = net.weight.detach().clone()
    with optim.optim_context(net):
        out = net(torch.randn(2, 4))
        assert out.dtype == getattr(torch, dtype)
        loss = out.float().square().mean()
    optim.update_params(loss)
    assert net.weight.dtype == torch.float32
    assert not torch.equal(net.weight, before)


def test_loss_scale_survives_a_restart():
    net, optim = wrapper(AmpOptimWrapper, loss_scale='dynamic')
    run(net, optim, torch.randn(2, 2, 4))
    optim.loss_scaler.update(128.0)
    _, restored = wrapper(AmpOptimWrapper, loss_scale='dynamic')
    restored.load_state_dict(optim.state_dict())
    assert restored.loss_scaler.get_scale() == 128.0


def test_bfloat16_state_goes_into_float16():
    net, optim = wrapper(AmpOptimWrapper, dtype='bfloat16')
    run(net, optim, torch.randn(2, 2, 4))
    _, restored = wrapper(AmpOptimWrapper, dtype='float16')
    restored.load_state_dict(optim.state_dict())
    assert restored.loss_scaler.get_scale() == 2.0**16


def test_without_a_dtype_the_device_decides():
    net, optim = wrapper(AmpOptimWrapper, dtype=None)
    with optim.optim_context(net):
        assert net(torch.randn(2, 4)).dtype == (torch.float16 if torch.cuda.is_available() else torch.bfloat16)


def test_arguments_of_the_loss_scaler():
    _, optim = wrapper(AmpOptimWrapper, dtype='float16', loss_scale=dict(init_scale=8.0, growth_interval=3))
    assert (optim.loss_scaler.get_scale(), optim.loss_scaler.get_growth_interval()) == (8.0, 3)
    assert optim.expects_overflow


def test_other_dtype_is_refused():
    with pytest.raises(ConfigError, match='float64'):
        wrapper(AmpOptimWrapper, dtype='float64')


class Guard:
    """Notes the losses, forbids the first step."""

    def __init__(self):
        self.losses, self.asked = [], 0

    def see_loss(self, loss):
        assert not loss.requires_grad
        self.losses.append(float(loss))

    def allows_step(self):
        self.asked += 1
        return self.asked > 1


@pytest.mark.parametrize(('cls', 'kwargs'), [(OptimWrapper, {}), (AmpOptimWrapper, {'dtype': 'float16'})])
def test_a_forbidden_step_changes_nothing_and_drops_the_gradients(cls, kwargs):
    x = torch.randn(4, 2, 4)
    net, optim = wrapper(cls, accumulative_counts=2, **kwargs)
    optim.guard = Guard()
    before, state = net.weight.detach().clone(), optim.state_dict()
    first = net(x[0]).square().mean().item()
    run(net, optim, x[:2])
    assert torch.equal(net.weight, before)
    assert net.weight.grad is None
    assert optim.state_dict() == state
    run(net, optim, x[2:])
    expected, reference = wrapper(cls, accumulative_counts=2, **kwargs)
    run(expected, reference, x[2:])
    assert torch.equal(net.weight, expected.weight)
    assert optim.guard.asked == 2
    assert optim.guard.losses[0] == pytest.approx(first, rel=1e-2)


def test_overflow_is_expected_with_a_dynamic_loss_scale_only():
    assert not wrapper()[1].expects_overflow
    assert not wrapper(AmpOptimWrapper, dtype='bfloat16')[1].expects_overflow
    assert not wrapper(AmpOptimWrapper, loss_scale=128.0)[1].expects_overflow
    _, optim = wrapper(AmpOptimWrapper)
    assert optim.expects_overflow
    optim.loss_scaler.load_state_dict(dict(optim.loss_scaler.state_dict(), scale=0.5))
    assert not optim.expects_overflow


def test_withheld_parameters_are_left_alone():
    net = nn.Linear(4, 4)
    optim = OptimWrapper(optimizer=torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1))
    before = [param.detach().clone() for param in net.parameters()]
    optim.withheld = (net.weight,)
    run(net, optim, torch.randn(2, 2, 4))
    assert torch.equal(net.weight, before[0])
    assert not torch.equal(net.bias, before[1])
    assert net.weight not in optim.optimizer.state
    optim.withheld = ()
    run(net, optim, torch.randn(1, 2, 4))
    assert not torch.equal(net.weight, before[0])


def test_it_says_whether_the_step_was_taken():
    class Guard:
        allowed = True

        def see_loss(self, loss):
            pass

        def allows_step(self):
            return self.allowed

    net, optim = wrapper()
    optim.guard = Guard()
    run(net, optim, torch.randn(1, 2, 4))
    assert optim.step_taken
    Guard.allowed = False
    run(net, optim, torch.randn(1, 2, 4))
    assert not optim.step_taken


def test_a_step_left_out_for_an_overflow_was_not_taken():
    net, optim = wrapper(AmpOptimWrapper, dtype='float16')
    before = net.weight.detach().clone()
    with optim.optim_context(net):
        loss = net(torch.randn(2, 4)).float().sum() * 1e6
    optim.update_params(loss)
    assert torch.equal(net.weight, before)
    assert not optim.step_taken
    run(net, optim, torch.randn(1, 2, 4))
    assert optim.step_taken
