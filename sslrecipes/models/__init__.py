"""Models: methods made of backbones, necks, heads and targets. Importing registers them."""

import mmpretrain.models  # noqa: F401  a parent registry's modules are not imported by themselves

from sslrecipes.models import backbones, heads, methods, necks, targets
from sslrecipes.models.utils import data_preprocessors

__all__ = ['backbones', 'data_preprocessors', 'heads', 'methods', 'necks', 'targets']
