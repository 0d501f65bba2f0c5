"""MoCo v3 (github.com/facebookresearch/moco-v3), by name: the projection lies where a classifier would.

A table for ResNets and one for ViTs, for their classifiers have different names. ViTs are timm's, perhaps with a stem
of convolutions, which no network of another program has.
"""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import in_ddp
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed
from sslrecipes.checkpoint.conversion.keymaps.vit import BODY

PREDICTOR: Rules = (('predictor.{i}.', 'head.predictor.mlp.{i}.'),)
TRAINED = {'base_encoder': 'base_encoder', 'momentum_encoder': 'base_encoder'}
"""Networks of a file, and whose place they can take."""


def encoders(network: Rules) -> Rules:
    """The rows of the encoder and of the one that follows it."""
    return (*prefixed('base_encoder.', '', network), *prefixed('momentum_encoder.', 'momentum_encoder.', network))


def _moco_v3(family: str, backbone: Rules, projection: str) -> KeyMap:
    marks = (f'base_encoder.{projection}.0.weight',)
    return KeyMap(
        family=family,
        rules=(*encoders((*backbone, (f'{projection}.{{i}}.', 'neck.mlp.{i}.'))), *PREDICTOR),
        added=(r'probe\..+',),
        marks=marks,
        layout=in_ddp(marks, TRAINED),
    )


_CONV_STEM: Rules = (('patch_embed.proj.{i}.', 'backbone.patch_embed.projection.{i}.'),)

MOCO_V3 = _moco_v3('moco-v3', RESNET, 'fc')
MOCO_V3_VIT = _moco_v3('moco-v3-vit', (*BODY, *_CONV_STEM), 'head')
