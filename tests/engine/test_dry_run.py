import torch
from torch import nn

from sslrecipes.engine.costs import step_cost
from sslrecipes.engine.dry_run import first_images, print_report, shapes
from sslrecipes.engine.runner import SSLRunner


class Probe(nn.Module):
    """One linear layer whose costs can be counted by hand."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 4, bias=False)

    def data_preprocessor(self, batch, training):
        return batch

    def forward(self, inputs, data_samples, mode):
        return self.layer(inputs).sum()

    def parse_losses(self, loss):
        return loss, {}


def test_costs_are_those_counted_by_hand():
    cost = step_cost(Probe(), {'inputs': torch.randn(2, 8), 'data_samples': None})
    assert cost.parameters == cost.trainable == 32
    assert cost.flops == 2 * 2 * 32  # forward, and the weight's gradient; the input needs none
    assert cost.activations == 8 * 4
    assert cost.states == 4 * 32 * 4


def test_report_names_facts_costs_and_shapes(mae_on_digits, capsys):
    print_report(SSLRunner.from_cfg(mae_on_digits))
    text = capsys.readouterr().out
    for word in ('mask_ratio', 'FLOPs per image', 'memory per process', 'batches per epoch', '(16, 3, 8, 8) uint8'):
        assert word in text


def test_batches_are_cut_and_described():
    views = {'inputs': [torch.zeros(4, 3, 8, 8), torch.zeros(4, 3, 6, 6)], 'data_samples': list(range(4))}
    cut = first_images(views, 2)
    assert [len(view) for view in cut['inputs']] == [2, 2]
    assert cut['data_samples'] == [0, 1]
    assert shapes(views) == {'inputs[0]': '(4, 3, 8, 8) float32', 'inputs[1]': '(4, 3, 6, 6) float32'}
