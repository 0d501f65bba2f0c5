import pytest
from torch.utils.data import BatchSampler

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'sampler': dict(type='InfiniteSampler', shuffle=True)}, 'whose epochs end'),
        ({'batch_sampler': dict(type=BatchSampler, drop_last=True), 'drop_last': False}, 'unknown number of batches'),
    ],
)
def test_epochs_must_end_and_be_entered_anywhere(mae_on_digits, options, message):
    mae_on_digits.train_dataloader.update(options)
    with pytest.raises(ConfigError, match=message):
        SSLRunner.from_cfg(mae_on_digits).train()
