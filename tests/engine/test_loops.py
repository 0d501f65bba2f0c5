import pytest
from torch.utils.data import BatchSampler

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError


@pytest.mark.parametrize(
    'options',
    [
        {'sampler': dict(type='InfiniteSampler', shuffle=True)},
        {'batch_sampler': dict(type=BatchSampler, drop_last=True), 'drop_last': False},
    ],
)
def test_epochs_must_end_and_be_entered_anywhere(mae_on_digits, options):
    mae_on_digits.train_dataloader.update(options)
    with pytest.raises(ConfigError, match='whose epochs end'):
        SSLRunner.from_cfg(mae_on_digits).train()
