import pytest
import torch
from torch import nn

from sslrecipes.commands.costs import step_cost
from sslrecipes.models.utils.progress import Progress


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


class Timed(Probe):
    """Beside the layer a teacher, a buffer, a product of weights alone, and a need to know the time."""

    def __init__(self):
        super().__init__()
        self.teacher = nn.Linear(8, 4, bias=False).requires_grad_(False)
        self.register_buffer('seen', torch.zeros(6, dtype=torch.long))
        self.progress = None

    def begin_step(self, progress):
        self.progress = progress

    def forward(self, inputs, data_samples, mode):
        assert self.progress == Progress(3, 2, 9)
        self.seen += 1
        with torch.no_grad():
            self.teacher(inputs)
        square = self.layer.weight.detach() @ self.layer.weight.T
        return self.layer(inputs).sum() + square.exp().sum()


def batch(images):
    return {'inputs': torch.randn(images, 8), 'data_samples': None}


def test_costs_are_those_counted_by_hand():
    cost = step_cost(Probe(), batch)
    assert cost.parameters == cost.trainable == 32
    assert cost.flops == 2 * 2 * 32  # forward, and the weight's gradient; the input needs none
    assert cost.activations == 8 * 4
    assert cost.step_flops == cost.step_activations == 0
    assert cost.states == 4 * 32 * 4


def test_what_a_step_costs_is_told_from_what_an_image_costs():
    model = Timed()
    cost = step_cost(model, batch, 1, Progress(3, 2, 9))
    assert (cost.parameters, cost.trainable) == (64, 32)
    assert cost.flops == 2 * 2 * 32 + 2 * 32  # and the teacher's forward pass
    assert cost.step_flops == 2 * 2 * 4 * 4 * 8
    assert cost.activations == 8 * 4
    assert cost.step_activations == 4 * 4 * 4  # the exponentials; weights are no activations
    assert cost.states == 4 * (64 + 32 * 2) + 6 * 8


def test_the_model_stays_as_it_is():
    model = Timed().eval()
    step_cost(model, batch, 1, Progress(3, 2, 9))
    assert model.seen.sum() == 0
    assert model.layer.weight.grad is None
    assert model.progress is None
    assert not model.training


def test_a_method_that_needs_the_time_is_not_guessed_for():
    with pytest.raises(AssertionError):
        step_cost(Timed(), batch)


def test_networks_that_see_several_images_at_a_time_get_as_many_pictures_as_others():
    """A batch norm behind the last of five strides sees one value of each channel of a small picture."""

    class Pairs(Probe):
        images_per_input = 2

        def forward(self, inputs, data_samples, mode):
            pairs = inputs.unflatten(0, (-1, 2)).sum(dim=1)
            return nn.functional.batch_norm(self.layer(pairs), None, None, training=True).sum()

    assert step_cost(Pairs(), batch).flops == 2 * 2 * 32 / 2
