"""SimSiam (github.com/facebookresearch/simsiam), by name: a ResNet whose classifier is the projection."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, put_in_ddp
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, prefixed

SIMSIAM = KeyMap(
    family='simsiam',
    rules=(
        *prefixed('encoder.', '', (*RESNET, ('fc.{i}.', 'neck.mlp.{i}.'))),
        ('predictor.{i}.', 'head.predictor.mlp.{i}.'),
    ),
    added=(r'probe\..+',),
    biases='unnormed',
    marks=('encoder.fc.0.weight',),
    layout=Layout(put_in_ddp),
)
