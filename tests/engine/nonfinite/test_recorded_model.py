import copy

import pytest
import torch
from torch import nn

import sslrecipes.transfer  # noqa: F401  registers components of other scopes
from sslrecipes.engine.nonfinite.record import all_tensors
from sslrecipes.engine.nonfinite.recorded_model import COMPONENTS, SCOPES, build_recorded, plain_model
from sslrecipes.errors import CheckpointError
from sslrecipes.registry import MODELS

LINEAR = {'type': 'LinearClsHead', 'num_classes': 3, 'in_channels': 4}


@pytest.mark.parametrize(
    'node',
    [
        {'type': 'os.system', 'command': 'touch canary'},
        {'type': 'mmengine.load', 'file': 'evil'},
        {'type': 'sslrecipes.errors.MAE'},
        {'type': 'MAE', '_scope_': 'antigravity'},
        {'_scope_': 'antigravity'},
        {'type': ['nms']},
        {'type': {'type': 'nms'}},
        {'type': None},
        {'type': 1},
        {'type': 'Sequential'},
        {'backbone': [{'type': 'builtins.eval'}]},
        {'rpn': {'nms': {'type': '__import__("os").system("touch canary")'}}},
        {'type': 'nms', 'op': 'print(1)'},
        {'type': 'CrossEntropyLoss', '_scope_': 'mmseg', 'class_weight': 'evil.pkl'},
        {'type': 'CrossEntropyLoss', '_scope_': 'mmseg', 'class_weight': 'pkl'},
        {'type': 'LinearClsHead', 'loss': {'type': 'CrossEntropyLoss', 'class_weight': ['pkl']}},
        {'type': 'CrossEntropyLoss', 'class_weight': b'pkl'},
        {'type': 'TIMMBackbone', 'checkpoint_path': 'evil'},
        {'type': 'MAEDecoder', 'depth': 10**9},
        {'type': 'MAEDecoder', '__class__.x': 1},
        {1: {'type': 'MAE'}},
    ],
)
def test_only_listed_components_and_plain_arguments_are_built(node):
    with pytest.raises(CheckpointError, match=r'none of the components and plain arguments .* give it with --config'):
        build_recorded({'type': 'MAE', 'part': node}, 'sslrecipes', {})


def test_files_of_weights_are_not_opened(tmp_path):
    cfg = {**LINEAR, 'init_cfg': {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'pipe')}, 'pretrained': 'evil.pkl'}
    assert plain_model(cfg) == LINEAR
    assert plain_model({'a': [cfg], 'checkpoint': 'x.pth'}) == {'a': [LINEAR]}


def test_every_component_is_one():
    def found(name, scope):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr('mmengine.registry.registry.get_object_from_string', lambda _: None)
            return MODELS.get(f'{scope}.{name}')

    lost = [name for name in COMPONENTS if not any(found(name, scope) for scope in SCOPES)]
    others = {'nms', 'BboxOverlaps2D', 'AnchorGenerator', 'DeltaXYWHBBoxCoder', 'MaxIoUAssigner', 'RandomSampler'}
    assert set(lost) <= others | {'CutMix', 'Mixup', 'RoIAlign'}, 'neither a module nor known from another registry'


def test_a_model_that_outgrows_its_record_is_given_up():
    model = build_recorded(LINEAR, 'sslrecipes', {'fc.weight': torch.zeros(3, 4), 'fc.bias': torch.zeros(3)})
    assert isinstance(model, nn.Module)
    state = all_tensors(model)
    for size in ({'num_classes': 10**4, 'in_channels': 10**4}, {'num_classes': 1000}):
        with pytest.raises(CheckpointError, match='far larger'):
            build_recorded({**LINEAR, **size}, 'sslrecipes', state)
    conv = {'type': 'Conv2d', '_scope_': 'mmengine', 'in_channels': 10**6, 'out_channels': 10**6}
    for kernel in (10**3, 10**6):  # too much to be allocated, or even counted
        with pytest.raises(CheckpointError, match='far larger'):
            build_recorded({**conv, 'kernel_size': kernel}, 'sslrecipes', state)
    many = dict(num_patches=4, patch_size=2, embed_dim=4, decoder_embed_dim=4, decoder_depth=2, decoder_num_heads=2)
    with pytest.raises(CheckpointError, match='far larger'):  # in tensors, not in values
        build_recorded({'type': 'MAEDecoder', **many}, 'sslrecipes', {'x': torch.zeros(1).expand(10**6)})
    nn.Linear(1000, 1000)  # the bound has gone


def test_what_can_not_be_built_is_one_sentence():
    for wrong in ({'num_classes': 'x'}, {'no_such_argument': 1}, {'num_classes': -3}):
        with pytest.raises(CheckpointError, match=r'^The model in this file can not be built: .*[^\n]$') as caught:
            build_recorded({**copy.deepcopy(LINEAR), **wrong}, 'sslrecipes', {'x': torch.zeros(100)})
        assert '\n' not in str(caught.value)
    with pytest.raises(CheckpointError, match='scope'):
        build_recorded(LINEAR, 'antigravity', {})
