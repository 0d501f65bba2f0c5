"""Weights: safe reading, atomic writing, key maps, coverage, conversion, export.

Importing the package turns mmengine's checkpoint loading over to the safe reader.
"""

from sslrecipes.checkpoint.conversion import read_weights
from sslrecipes.checkpoint.coverage import Coverage, load_weights
from sslrecipes.checkpoint.export import export_backbone
from sslrecipes.checkpoint.initializer import Pretrained, load_pretrained
from sslrecipes.checkpoint.mmengine_loader import install
from sslrecipes.checkpoint.reading import read_checkpoint

install()

__all__ = [
    'Coverage',
    'Pretrained',
    'export_backbone',
    'load_pretrained',
    'load_weights',
    'read_checkpoint',
    'read_weights',
]
