"""Weights: safe reading, atomic and sealed writing, a run's checkpoints, key maps, coverage, conversion.

Importing the package registers the initializer and turns mmengine's checkpoint loading over to the safe reader.
"""

from sslrecipes.checkpoint.files.mmengine_loader import install
from sslrecipes.checkpoint.initializer import Pretrained

install()

__all__ = ['Pretrained']
