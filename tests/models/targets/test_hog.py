import torch
from mmpretrain.models import HOGGenerator as MMPretrainHOGGenerator

from sslrecipes.models.targets import HOGGenerator


def test_mixed_precision_changes_nothing():
    images = torch.randn(2, 3, 112, 112)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        target = HOGGenerator()(images.bfloat16().float())
    assert torch.equal(target, MMPretrainHOGGenerator()(images.bfloat16().float()))
