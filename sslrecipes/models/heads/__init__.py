"""Heads: from predictions to losses."""

from sslrecipes.models.heads.colorization_head import ColorizationHead
from sslrecipes.models.heads.cross_correlation_head import CrossCorrelationHead
from sslrecipes.models.heads.densecl_head import DenseCLHead
from sslrecipes.models.heads.dino_head import DINOHead
from sslrecipes.models.heads.joint_probe import JointProbe
from sslrecipes.models.heads.mae_priv_head import MAEPrivHead
from sslrecipes.models.heads.moco_head import MoCoHead
from sslrecipes.models.heads.mocov3_head import MoCoV3Head
from sslrecipes.models.heads.prediction_head import PredictionHead
from sslrecipes.models.heads.pretext_cls_head import PretextClsHead
from sslrecipes.models.heads.projection_cls_head import ProjectionClsHead
from sslrecipes.models.heads.simclr_head import SimCLRHead
from sslrecipes.models.heads.swav_head import SwAVHead
from sslrecipes.models.heads.tec_head import TECHead
from sslrecipes.models.heads.w2ssl_head import W2SSLHead

__all__ = [
    'ColorizationHead',
    'CrossCorrelationHead',
    'DINOHead',
    'DenseCLHead',
    'JointProbe',
    'MAEPrivHead',
    'MoCoHead',
    'MoCoV3Head',
    'PredictionHead',
    'PretextClsHead',
    'ProjectionClsHead',
    'SimCLRHead',
    'SwAVHead',
    'TECHead',
    'W2SSLHead',
]
