import torch
from torch import nn

from sslrecipes.engine.nonfinite.detection import Finding, UntrainedState, bad_gradients, surely_finite
from sslrecipes.models.utils.frozen import keep_out_of_checkpoints


def net_with_gradients():
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    net(torch.ones(1, 3)).sum().backward()
    return net


def test_one_bad_number_anywhere_is_found():
    loss = torch.tensor(1.0)
    assert surely_finite([loss], net_with_gradients())
    assert not surely_finite([loss, loss * torch.nan], net_with_gradients())
    for value in (torch.nan, torch.inf, -torch.inf):
        net = net_with_gradients()
        net[1].weight.grad[1, 3] = value
        assert not surely_finite([loss], net)
        assert bad_gradients(net) == ('1.weight',)


def test_huge_gradients_are_finite():
    net = net_with_gradients()
    net[0].weight.grad.fill_(3e38)
    assert bad_gradients(net) == ()


def test_parameters_without_gradient_are_passed_over():
    net = nn.Linear(2, 2)
    assert surely_finite([torch.tensor(1.0)], net)
    assert bad_gradients(net) == ()


def test_finding_names_the_first_parameters():
    assert not Finding((1.0, 2.0), ())
    assert str(Finding((1.0,), ())) == 'loss 1; gradients finite'
    assert str(Finding((float('nan'),), tuple('abcde'))) == 'loss nan; gradients not finite: a, b, c and 2 more'
    assert not Finding((1.0,), ('a',)).bad_loss


class Momentum(nn.Module):
    """A trained and a momentum network, statistics, a queue that is replaced, and a base model in no checkpoint."""

    def __init__(self):
        super().__init__()
        self.query = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.key = nn.Linear(2, 2).requires_grad_(False)
        self.base = nn.Linear(2, 2).requires_grad_(False)
        self.register_buffer('queue', torch.zeros(3))
        keep_out_of_checkpoints(self, 'base')

    def forward(self, x):
        self.key.weight.data.mul_(0.5)
        self.queue = self.queue + 1
        return self.query(x)


def test_everything_untrained_is_put_back():
    net = Momentum()
    untrained = UntrainedState(net)
    net(torch.randn(4, 2))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    untrained.remember()
    for _ in range(2):
        net(torch.randn(4, 2))
    assert not torch.equal(net.queue, before['queue'])
    untrained.restore()
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_what_is_trained_or_in_no_checkpoint_is_not_copied():
    untrained = UntrainedState(Momentum())
    assert set(untrained.names) == {
        'key.weight',
        'key.bias',
        'query.1.running_mean',
        'query.1.running_var',
        'query.1.num_batches_tracked',
        'queue',
    }
