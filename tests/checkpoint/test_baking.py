import pytest
import torch

from sslrecipes.checkpoint.baking import adapted_parts, bake_cls_token
from sslrecipes.checkpoint.conversion.convert import to_ours
from sslrecipes.errors import CheckpointError


def test_baked_token_is_that_of_the_official_converter(golden, official):
    tensors = golden('tec/weight_convert')[1]
    state = to_ours(official('tec/weight_convert'), 'tec')
    assert adapted_parts(state) == ['backbone.']
    baked = bake_cls_token(state)
    torch.testing.assert_close(baked['backbone.cls_token'], tensors['out/converted/cls_token'], rtol=1e-4, atol=1e-5)
    assert adapted_parts(baked) == []
    assert set(state) - set(baked) == {name for name in state if 'cls_token_mlp' in name}
    assert not torch.equal(state['backbone.cls_token'], baked['backbone.cls_token'])  # the input is left alone


def test_half_an_mlp_is_refused(official):
    state = to_ours(official('tec/weight_convert'), 'tec')
    del state['backbone.cls_token_mlp.fc1.bias']
    with pytest.raises(CheckpointError, match=r'backbone.cls_token_mlp.fc1.bias missing'):
        bake_cls_token(state)
