import pytest
import torch
from mmpretrain.structures import DataSample
from torch.utils._python_dispatch import TorchDispatchMode

from sslrecipes.registry import MODELS


class Copies(TorchDispatchMode):
    """Counts copies to another device."""

    def __init__(self):
        super().__init__()
        self.non_blocking = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        was = next(arg.device for arg in (*args, out) if isinstance(arg, torch.Tensor))
        if func is torch.ops.aten._to_copy.default and out.device != was:
            self.non_blocking.append(kwargs.get('non_blocking', False))
        return out


@pytest.mark.parametrize(('name', 'views', 'copies'), [
    ('SelfSupDataPreprocessor', 1, 1), ('SelfSupDataPreprocessor', 8, 8), ('ClsDataPreprocessor', 1, 2),
])  # fmt: skip
def test_a_batch_is_copied_without_waiting_and_no_label_on_its_own(name, views, copies):
    """Of labels that are needed there is one copy."""
    preprocessor = MODELS.build(dict(type=name, mean=[1.0, 2.0, 3.0], std=[1.0, 1.0, 1.0], to_rgb=True)).to('meta')
    images = torch.zeros(16, 3, 4, 4, dtype=torch.uint8)
    data = {'inputs': [images] * views if views > 1 else images, 'data_samples': [DataSample().set_gt_label(1)] * 16}
    with Copies() as mode:
        out = preprocessor(data, training=True)
    assert len(mode.non_blocking) == copies
    assert all(mode.non_blocking[:views])
    batch = out['inputs'][-1] if views > 1 else out['inputs']
    assert batch.device.type == 'meta'
    assert batch.dtype == torch.float32


@pytest.mark.parametrize('name', ['SelfSupDataPreprocessor', 'ClsDataPreprocessor'])
def test_images_are_normalised_as_upstream(name):
    options = dict(mean=[1.0, 2.0, 3.0], std=[3.0, 2.0, 1.0], to_rgb=True)
    images = torch.randint(256, (4, 3, 5, 5), dtype=torch.uint8)
    ours, theirs = (
        MODELS.build(dict(type=f'{scope}.{name}', **options))({'inputs': images, 'data_samples': None})['inputs']
        for scope in ('sslrecipes', 'mmpretrain')
    )
    assert torch.equal(ours, theirs)
    assert MODELS.get(name).__module__.startswith('sslrecipes')
