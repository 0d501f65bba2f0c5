"""Bare backbones as other programs name them: ViTs as timm does, ResNets and MobileNetV2 as torchvision."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.mobilenet import mobilenet_v2
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY, CLASSIFIER

PLAIN = KeyMap(family='plain', rules=(*BODY, *CLASSIFIER, *RESNET, *mobilenet_v2('features')))
