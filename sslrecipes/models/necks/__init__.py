"""Necks: from features to predictions."""

from sslrecipes.models.necks.densecl_neck import DenseCLNeck
from sslrecipes.models.necks.dino_neck import DINONeck
from sslrecipes.models.necks.jigsaw_neck import JigsawNeck
from sslrecipes.models.necks.mae_decoder import MAEDecoder
from sslrecipes.models.necks.mae_priv_decoder import MAEPrivDecoder
from sslrecipes.models.necks.mlp_neck import MLPNeck
from sslrecipes.models.necks.moco_neck import MoCoNeck
from sslrecipes.models.necks.swav_neck import SwAVNeck
from sslrecipes.models.necks.tec_neck import TECNeck
from sslrecipes.models.necks.upsampling_neck import UpsamplingNeck

__all__ = [
    'DINONeck',
    'DenseCLNeck',
    'JigsawNeck',
    'MAEDecoder',
    'MAEPrivDecoder',
    'MLPNeck',
    'MoCoNeck',
    'SwAVNeck',
    'TECNeck',
    'UpsamplingNeck',
]
