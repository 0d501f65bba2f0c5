"""A backbone small enough to be compared with by hand."""

import pytest
from mmengine.model import BaseModule
from mmpretrain.structures import DataSample
from torch import nn


class TinyBackbone(BaseModule):
    """A convolution with batch norm; 6 channels at half the size."""

    def __init__(self, init_cfg=None):
        super().__init__(init_cfg)
        self.conv = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, images):
        return (self.norm(self.conv(images)),)


@pytest.fixture
def tiny_backbone():
    """Config of :class:`TinyBackbone`."""
    return dict(type=TinyBackbone)


@pytest.fixture
def labelled():
    """``labelled(2, 0)``: samples with these labels."""
    return lambda *labels: [DataSample().set_gt_label(label) for label in labels]
