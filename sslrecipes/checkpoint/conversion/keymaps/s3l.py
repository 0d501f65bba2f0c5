"""S3L (github.com/CupidJay/Scaled-down-self-supervised-learning), by name. Its MoCo has the names of the first MoCo.

ResNets without conv5 have the same names, up to ``layer3``.
"""

from __future__ import annotations

from sslrecipes.checkpoint.conversion.keymaps.layout import Layout, put_in_ddp
from sslrecipes.checkpoint.conversion.keymaps.resnet import RESNET
from sslrecipes.checkpoint.conversion.keymaps.rules import KeyMap, Rules, prefixed
from sslrecipes.checkpoint.conversion.keymaps.sslight import projection_rows

_BYOL: Rules = (*prefixed('encoder_q.', '', RESNET), ('projector.net.{i}.', 'neck.mlp.{i}.'))

S3L_BYOL = KeyMap(
    family='s3l-byol',
    rules=(
        *_BYOL,
        # of the model in memory, whose files hold no more than the above
        *prefixed('online_encoder.', '', _BYOL),
        ('online_predictor.net.{i}.', 'head.predictor.mlp.{i}.'),
        *prefixed('target_encoder.', 'teacher.', _BYOL),
    ),
    left_out=(r'((online|target)_encoder\.)?encoder_q\.fc\.(weight|bias)',),  # a classifier, which is never used
    added=(r'(teacher|head|probe)\..+',),
    marks=('projector.net.0.weight', 'online_encoder.projector.net.0.weight'),
    biases='all',
)

S3L_SIMCLR = KeyMap(
    family='s3l-simclr',
    rules=prefixed('encoder_q.', '', (*RESNET, *projection_rows('fc'))),
    added=(r'probe\..+',),
    biases='all',
    layout=Layout(put_in_ddp),
)
"""Not told from MoCo without key encoder, as which MoCo is released: the names are the same."""

S3L_SIMSIAM = KeyMap(
    family='s3l-simsiam',
    rules=(
        *prefixed('encoder_q.', '', RESNET),
        ('projection.{i}.', 'neck.mlp.{i}.'),
        ('prediction.{i}.', 'head.predictor.mlp.{i}.'),
    ),
    added=(r'probe\..+',),
    marks=('prediction.0.weight',),
    biases='all',
    layout=Layout(put_in_ddp),
)

S3L_CLASSIFIER = KeyMap(
    family='s3l-classifier',
    rules=(*RESNET, ('fc.', 'head.fc.')),
    layout=Layout(put_in_ddp),
)
"""Fine-tuned, or with a warmed-up conv5. Nothing tells them from torchvision's."""

S3L = (S3L_BYOL, S3L_SIMSIAM, S3L_SIMCLR, S3L_CLASSIFIER)
