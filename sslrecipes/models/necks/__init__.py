"""Necks: from features to predictions."""

from sslrecipes.models.necks.mae_decoder import MAEDecoder
from sslrecipes.models.necks.tec_neck import TECNeck

__all__ = ['MAEDecoder', 'TECNeck']
