"""mmpretrain's ResNet without conv5 is torchvision's with layer4 taken out."""

from pathlib import Path

import pytest
import torch
import torchvision

from sslrecipes.config.reading import read_config
from sslrecipes.registry import MODELS

ROOT = Path(__file__).parents[3]
PARAMETERS = {18: 2_782_784, 34: 8_170_304, 50: 8_543_296}


@pytest.mark.parametrize('depth', PARAMETERS)
def test_it_computes_what_torchvisions_does_up_to_conv4(depth):
    noconv5 = read_config(ROOT / 'configs/_base_/models/s3l/noconv5.py').noconv5
    ours = MODELS.build(dict(type='ResNet', depth=depth, zero_init_residual=False, **noconv5))
    ours.init_weights()
    theirs = torchvision.models.get_model(f'resnet{depth}')
    theirs.layer4 = theirs.fc = torch.nn.Identity()
    theirs.load_state_dict(ours.state_dict())  # the same names
    images = torch.randn(2, 3, 64, 64)
    assert torch.equal(ours(images)[-1].mean((2, 3)), theirs.train()(images))
    assert sum(param.numel() for param in ours.parameters()) == PARAMETERS[depth]
    assert torch.equal(ours.layer3[-1].bn2.running_mean, theirs.layer3[-1].bn2.running_mean)


def test_it_begins_as_theirs():
    noconv5 = read_config(ROOT / 'configs/_base_/models/s3l/noconv5.py').noconv5
    ours = MODELS.build(dict(type='ResNet', depth=18, zero_init_residual=False, **noconv5))
    ours.init_weights()
    for name, weight in ours.named_parameters():
        if weight.ndim == 4:  # Kaiming's of the outputs
            expected = (2 / (weight.shape[0] * weight.shape[2] * weight.shape[3])) ** 0.5
            assert weight.std().item() == pytest.approx(expected, rel=0.1), name
        else:
            assert (weight == float(name.endswith('weight'))).all(), name
