import pytest
import torch

from sslrecipes.engine.restart.optimizer_state import check_optimizer_state


@pytest.fixture
def trained():
    """An optimizer with a parameter that never had a gradient, and one without a moment."""
    layer = torch.nn.Linear(3, 2)
    layer.extra = torch.nn.Parameter(torch.ones(1))
    groups = [{'params': [layer.weight, layer.extra]}, {'params': [layer.bias], 'lr': 0.5}]
    optimizer = torch.optim.AdamW(groups, lr=0.1)
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return optimizer


def options_of(optimizer):
    return [{key: value for key, value in group.items() if key != 'params'} for group in optimizer.param_groups]


def test_what_training_left_fits(trained):
    check_optimizer_state(trained, options_of(trained))
    sgd = torch.optim.SGD(trained.param_groups[0]['params'], lr=1, momentum=0.9)
    sgd.step()
    check_optimizer_state(sgd, options_of(sgd))


@pytest.mark.parametrize('value', [None, 1, 'x', [1], torch.ones(2, 2)], ids=repr)
def test_odd_moments(trained, value):
    trained.state[trained.param_groups[0]['params'][0]]['exp_avg'] = value
    with pytest.raises(ValueError, match='exp_avg of a parameter'):
        check_optimizer_state(trained, options_of(trained))


@pytest.mark.parametrize('value', [None, 'x', -1, torch.ones(3)], ids=repr)
def test_odd_steps(trained, value):
    trained.state[trained.param_groups[1]['params'][0]]['step'] = value
    with pytest.raises(ValueError, match='step of a parameter'):
        check_optimizer_state(trained, options_of(trained))


@pytest.mark.parametrize(('name', 'value'), [('betas', None), ('betas', [0.9]), ('lr', 'x'), ('eps', [1])])
def test_odd_options(trained, name, value):
    options = options_of(trained)
    trained.param_groups[1][name] = value
    with pytest.raises(ValueError, match=f'{name} is '):
        check_optimizer_state(trained, options)
