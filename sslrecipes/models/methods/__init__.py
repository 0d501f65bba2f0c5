"""Methods: one file per paper."""

from sslrecipes.models.methods.mae import MAE
from sslrecipes.models.methods.tec import TEC

__all__ = ['MAE', 'TEC']
