"""solo-learn (github.com/vturrisi/solo-learn), by name: SimCLR, SimSiam and BYOL, and MoCo v2+.

The two tables differ in our name of the follower. Backbones are torchvision's ResNets and timm's ViTs; files of the
first releases call them ``encoder``.
"""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

_PROBE = ('classifier.', 'probe.')
_QUEUE = ('queue', 'queue_ptr')


def _network(official: str, ours: str) -> Rules:
    """The rows of the trained network (``official=''``) or of its follower (``'momentum_'``)."""
    backbones = (*RESNET, *BODY)
    return (
        *prefixed(f'{official}backbone.', ours, backbones),
        *prefixed(f'{official}encoder.', ours, backbones),
        (f'{official}projector.{{i}}.', f'{ours}neck.mlp.{{i}}.'),
    )


SOLO_LEARN = KeyMap(
    family='solo-learn',
    rules=(
        *_network('', ''),
        *_network('momentum_', 'teacher.'),
        ('predictor.{i}.', 'head.predictor.mlp.{i}.'),
        _PROBE,
    ),
    left_out=(r'momentum_classifier\..+',),
    biases='unnormed',
    signs=('projector.0.weight',),
)

SOLO_LEARN_MOCO = KeyMap(
    family='solo-learn-moco',
    rules=(*_network('', ''), *_network('momentum_', 'momentum_encoder.'), _PROBE),
    left_out=(r'momentum_classifier\..+', *_QUEUE),  # a queue for each view, and both are filled in each step
    added=tuple(rf'head\.{name}' for name in _QUEUE),
    biases='unnormed',
    signs=('projector.0.weight', *_QUEUE),
)
