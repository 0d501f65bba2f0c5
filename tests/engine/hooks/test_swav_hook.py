"""What the queue does in a run: ``tests/recipes/test_upstream.py``."""

import pytest

from sslrecipes.engine.runner import SSLRunner
from sslrecipes.errors import ConfigError


def test_a_model_without_its_loss_is_refused(mae_on_digits):
    mae_on_digits.custom_hooks = [dict(type='SwAVHook', batch_size=16)]
    with pytest.raises(ConfigError, match='SwAVHook needs a model whose head has a SwAVLoss'):
        SSLRunner.from_cfg(mae_on_digits).train()
