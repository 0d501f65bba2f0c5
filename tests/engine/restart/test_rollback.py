import torch

from sslrecipes.checkpoint.files.reading import read_checkpoint
from sslrecipes.engine.restart.rollback import roll_back
from sslrecipes.engine.runner import SSLRunner


def test_averages_are_not_taken_for_the_weights(mae_on_digits):
    mae_on_digits.custom_hooks = [dict(type='EMAHook', momentum=0.1)]
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    weights = {name: value.clone() for name, value in runner.model.state_dict().items()}
    averages = read_checkpoint(runner.store.newest_good()[0])['state_dict']
    for parameter in runner.model.parameters():
        parameter.data.zero_()
    roll_back(runner, 'Not finite.')
    assert all(torch.equal(value, weights[name]) for name, value in runner.model.state_dict().items())
    assert any(not torch.equal(averages[name], weights[name]) for name in weights)


def test_options_of_the_optimizer_are_those_of_the_present(mae_on_digits):
    runner = SSLRunner.from_cfg(mae_on_digits)
    runner.train()
    (steps, *_) = (state['step'] for state in runner.optim_wrapper.optimizer.state.values())
    for group in runner.optim_wrapper.param_groups:
        group.update(lr=0.125, weight_decay=0.5)
    steps.zero_()
    roll_back(runner, 'Not finite.')
    assert {(group['lr'], group['weight_decay']) for group in runner.optim_wrapper.param_groups} == {(0.125, 0.5)}
    assert next(iter(runner.optim_wrapper.optimizer.state.values()))['step'] == 16
