import torch
from torch import nn

from sslrecipes.engine.nonfinite.module_watch import ModuleWatch, describe


class Root(nn.Module):
    """Its gradient is infinite at 0, its value isn't; NaN below."""

    def forward(self, x):
        return {'root': x.sqrt()}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.root = Root()
        nn.init.zeros_(self.first.weight)

    def forward(self, x):
        return self.root(self.first(x))['root'].sum()


def watched(bias):
    net = Net()
    nn.init.constant_(net.first.bias, bias)
    with ModuleWatch(net) as watch:
        net(torch.ones(1, 2)).backward()
    return watch


def test_the_innermost_module_is_named_first():
    watch = watched(-1.0)
    assert watch.first_output.startswith('root (Root), given\n  float32 (1, 2), -1 to -1')


def test_a_gradient_is_traced_to_the_output_behind_which_it_arises():
    watch = watched(0.0)
    assert watch.first_output == ''
    assert watch.first_gradient.startswith('at the output of first (Linear): float32 (1, 2), not finite: no. 0')


def test_all_is_well():
    watch = watched(1.0)
    assert (watch.first_output, watch.first_gradient) == ('', '')


def test_nothing_is_watched_afterwards():
    watch = watched(1.0)
    nn.init.constant_(watch.model.first.bias, -1.0)
    watch.model(torch.ones(1, 2))
    assert watch.first_output == ''


def test_description_lists_odd_entries():
    images = torch.arange(12.0).view(3, 4)
    images[1], images[2, 0] = 5, torch.nan
    text = describe(images)
    assert text.startswith('float32 (3, 4), 0 to 11, mean 5.')
    assert text.endswith(', constant: no. 1, not finite: no. 2, 1 of 12 values not finite')
    assert describe(torch.tensor([], dtype=torch.uint8)) == 'uint8 (0,)'
