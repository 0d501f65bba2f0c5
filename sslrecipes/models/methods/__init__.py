"""Methods: one file per paper."""

from sslrecipes.models.methods.feature_model import FeatureModel
from sslrecipes.models.methods.linear_probe import LinearProbe
from sslrecipes.models.methods.mae import MAE
from sslrecipes.models.methods.tec import TEC

__all__ = ['MAE', 'TEC', 'FeatureModel', 'LinearProbe']
