"""The checked-in names against what is installed."""

import inspect

from mmengine.runner import Runner
from mmengine.runner.utils import set_random_seed
from mmengine.utils.dl_utils import set_multi_processing
from torch.utils.data import DataLoader

from sslrecipes.config.validation.option_table import GROUPS, LOADER, RUNNER_KEYS
from sslrecipes.engine.knn_loop import KNNLoop
from sslrecipes.evaluation.linear import ProbeSettings

OWN_KEYS = {'runner_type', 'find_unused_parameters', 'allow_partial', 'accept_changes', 'custom_imports',
            'model_wrapper_cfg', 'sync_bn', 'transfer', 'image_size', 'local_image_size'}  # fmt: skip


def parameters(function):
    return {name for name in inspect.signature(function).parameters if name != 'self'}


def known(place):
    (group,) = [group for group in GROUPS if group.place == place]
    return set(group.known)


def test_runner():
    assert set(RUNNER_KEYS) - OWN_KEYS == parameters(Runner.__init__)
    assert known('') <= set(RUNNER_KEYS)


def test_no_argument_of_the_loader_is_refused():
    assert parameters(DataLoader.__init__) <= known(LOADER)


def test_options_of_the_runner():
    assert known('randomness') == parameters(set_random_seed)
    assert known('env_cfg.mp_cfg') == parameters(set_multi_processing) - {'distributed'}


def test_what_is_required_is_known_or_a_type():
    for group in GROUPS:
        assert set(group.required) <= {'type', *group.known}, group.place


def test_options_of_frozen_evaluations():
    assert known('test_cfg.linear') == known('custom_hooks[*].linear') == set(ProbeSettings.__dataclass_fields__)
    assert known('test_cfg') <= parameters(KNNLoop)
