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
