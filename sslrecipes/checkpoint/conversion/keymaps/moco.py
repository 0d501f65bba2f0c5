"""MoCo v1 and v2 (github.com/facebookresearch/moco) and what keeps its layout: two ResNets with queue, by name."""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import in_ddp
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed
from sslrecipes.checkpoint.conversion.keymaps.sslight import projection_rows

_NETWORK: Rules = (*RESNET, *projection_rows('fc'))

_MARKS = ('encoder_q.conv1.weight',)

MOCO = KeyMap(
    family='moco',
    rules=(
        *prefixed('encoder_q.', '', _NETWORK),
        *prefixed('encoder_k.', 'momentum_encoder.', _NETWORK),
        ('queue', 'head.queue'),
        ('queue_ptr', 'head.queue_ptr'),
    ),
    added=(r'probe\..+',),
    marks=_MARKS,
    biases='all',
    layout=in_ddp(_MARKS, {'encoder_q': 'encoder_q', 'encoder_k': 'encoder_q'}),
)
