"""W2SSL (github.com/WilyZhao8/W2SSL), by name: MoCo v3's layout, a projection of its own and a classifier of places."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import in_ddp
from sslrecipes.checkpoint.conversion.keymaps.mocov3 import PREDICTOR, TRAINED, encoders
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap

_MARKS = ('base_encoder.fc_loc.weight', 'base_encoder.fc_crop.0.weight')

W2SSL = KeyMap(
    family='w2ssl',
    rules=(
        ('base_encoder.fc_loc.', 'head.where.'),
        ('momentum_encoder.fc_loc.', 'momentum_encoder.where.'),
        *encoders((*RESNET, ('fc_crop.{i}.', 'neck.mlp.{i}.'))),
        *PREDICTOR,
    ),
    added=(r'probe\..+',),
    marks=_MARKS,
    biases='none',
    layout=in_ddp(_MARKS, TRAINED),
)
