"""torchvision: supervised classifiers, whose last layer is left out."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, bare
from sslrecipes.checkpoint.conversion.keymaps.mobilenet import mobilenet_v2
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import BESIDE_THE_BACKBONE, KeyMap

TORCHVISION = KeyMap(
    family='torchvision',
    rules=(*RESNET, *mobilenet_v2('features')),
    left_out=(r'fc\..+', r'classifier\..+'),
    added=BESIDE_THE_BACKBONE,
    marks=('features.0.0.weight',),  # of MobileNetV2; a ResNet has our own names
    layout=Layout(bare),
)
