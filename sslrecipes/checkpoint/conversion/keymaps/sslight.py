"""SSLight (github.com/saic-fi/SSLight): pre-training checkpoints of DINO, SwAV and MoCo, by name.

The three methods call the same things differently, so each is a family of its own. Names are those of the file without
``module.``; what the file holds beside ``state_dict`` has its path in the file for a name (``loss.center``).
"""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import in_ddp
from sslrecipes.checkpoint.conversion.keymaps.mobilenet import mobilenet_v2
from sslrecipes.checkpoint.conversion.keymaps.resnet import resnet
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

BACKBONES: Rules = (
    *mobilenet_v2('encoder'),
    *resnet(('encoder.0', 'encoder.1'), ('encoder.4', 'encoder.5', 'encoder.6', 'encoder.7')),
    *BODY,
)
"""All backbones in one table: no name of one is a name of another."""


def projection_rows(official: str) -> Rules:
    """The rows of a projection of any depth, which officially is called ``official``; a single layer has no number."""
    return ((f'{official}.{{i}}.', 'neck.mlp.{i}.'), (f'{official}.', 'neck.mlp.'))


DINO_HEAD: Rules = (*projection_rows('mlp'), ('last_layer.', 'neck.last_layer.'))
SWAV_HEAD: Rules = (*projection_rows('projection.mlp'), ('prototypes.', 'neck.prototypes.'))
MOCO_HEAD: Rules = projection_rows('mlp')

_PROBE = ('classifier.', 'probe.')
_DINO_MARKS = ('student.head.last_layer.weight_v',)
_SWAV_MARKS = ('network.head.prototypes.weight',)
_MOCO_MARKS = ('encoder_q.head.mlp.0.weight', 'encoder_q.head.mlp.weight')


def network(official: str, ours: str, backbone: Rules, head: Rules) -> Rules:
    """The rows of one network (backbone and head) that the file calls ``official`` and we call ``ours``."""
    parts = [('backbone', backbone), ('head', head)]
    return tuple((f'{official}{part}.{theirs}', f'{ours}{mine}') for part, rows in parts for theirs, mine in rows)


def dino(backbone: Rules = BACKBONES) -> KeyMap:
    """The table of DINO.

    Args:
        backbone: Rows of the backbone, officially without prefix and ours with ``backbone.``, such as
            ``('conv.', 'backbone.conv.')``.
    """
    return KeyMap(
        family='sslight-dino',
        rules=(
            *network('student.', '', backbone, DINO_HEAD),
            *network('teacher.', 'teacher.', backbone, DINO_HEAD),
            _PROBE,
            ('loss.center', 'head.center'),
        ),
        marks=_DINO_MARKS,
        biases='unnormed',
        layout=in_ddp(_DINO_MARKS, {'student': 'student', 'teacher': 'student'}),
    )


def swav(backbone: Rules = BACKBONES) -> KeyMap:
    """The table of SwAV; ``backbone`` as in :func:`dino`. Official files hold no queue: each rank writes its own."""
    return KeyMap(
        family='sslight-swav',
        rules=(*network('network.', '', backbone, SWAV_HEAD), _PROBE),
        added=(r'head\..+',),
        marks=_SWAV_MARKS,
        biases='unnormed',
        layout=in_ddp(_SWAV_MARKS, {'network': 'network'}),
    )


def moco(backbone: Rules = BACKBONES) -> KeyMap:
    """The table of MoCo; ``backbone`` as in :func:`dino`."""
    return KeyMap(
        family='sslight-moco',
        rules=(
            *network('encoder_q.', '', backbone, MOCO_HEAD),
            *network('encoder_k.', 'momentum_encoder.', backbone, MOCO_HEAD),
            _PROBE,
            ('queue', 'head.queue'),
            ('queue_ptr', 'head.queue_ptr'),
        ),
        marks=_MOCO_MARKS,
        biases='unnormed',
        layout=in_ddp(_MOCO_MARKS, {'encoder_q': 'encoder_q', 'encoder_k': 'encoder_q'}),
    )


SSLIGHT = (dino(), swav(), moco())
