"""Telling by its parameter names where a checkpoint comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from sslrecipes.checkpoint.conversion.keymaps import detectron2, moco, sslight, timm, torchvision, torchvision_vit
from sslrecipes.checkpoint.conversion.keymaps.mae_priv import MAE_PRIV, is_mae_priv

_MARKS = sslight.MARKS | {moco.MARK: moco.MOCO.family}
_PROGRAMS = {
    torchvision.MARK: torchvision.TORCHVISION.family,
    torchvision_vit.MARK: torchvision_vit.TORCHVISION_VIT.family,
    timm.MARK: timm.TIMM_MOBILENET_V2.family,
    **dict.fromkeys(detectron2.MARKS, detectron2.DETECTRON2.family),
}
_TEC_PARTS = ('cls_token_mlp.', 'encoder_adaptor.', 'forward_fea_decoder.', 'forward_att_decoder.')
_IBOT_PARTS = ('masked_embed', 'head.mlp.', 'head.last_layer')
_MAE_PARTS = ('decoder_', 'mask_token', 'head.', 'fc_norm.')


def detect_family(state: Mapping[str, Any]) -> str | None:
    """Name the official family whose parameter names ``state`` has, or ``None`` for our own names.

    Checkpoints of DINO and SSLight show by their heads, those of MoCo by their encoders, those of MAE-priv by its
    biases, networks of torchvision, timm and detectron2 by a name that only these have. The others name the ViT body
    alike; what tells them apart are the other parts and, where there are none, the final norm (absent from released
    TEC files) and the cls row of the position embedding (zero in MAE). What can't be told: a bare ViT of DINO or timm
    counts as one of these, whose names it has, and a bare ResNet of torchvision, timm or DINO as ours, for the same
    reason.
    """
    if method := method_of_networks(state):
        return 'dino' if 'dino_loss.center' in state else method
    if is_mae_priv(state):
        return MAE_PRIV.family
    if mark := next((mark for mark in _PROGRAMS if mark in state), None):
        return _PROGRAMS[mark]
    if 'patch_embed.proj.weight' not in state:
        return None
    if any(name.startswith(_TEC_PARTS) for name in state):
        return 'tec'
    if any(name.startswith(_IBOT_PARTS) for name in state):
        return 'ibot'
    if any(name.startswith(_MAE_PARTS) for name in state):
        return 'mae'
    if 'norm.weight' not in state:
        return 'tec'
    pos_embed = state.get('pos_embed')
    return 'ibot' if isinstance(pos_embed, Tensor) and bool(pos_embed[:, 0].any()) else 'mae'


def method_of_networks(names: Iterable[str]) -> str | None:
    """Which family of SSLight, or MoCo, has these names; facebookresearch/dino counts as SSLight's DINO."""
    return next((_MARKS[name] for name in names if name in _MARKS), None)


def is_released_tec(names: Iterable[str]) -> bool:
    """Whether official names are those of a released TEC file: the ViT body without norm or anything else."""
    return not any(name.startswith((*_TEC_PARTS, *_MAE_PARTS, 'norm.')) for name in names)
