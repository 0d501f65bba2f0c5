"""Weights: safe reading, atomic and sealed writing, a run's checkpoints, key maps, coverage, conversion.

Importing the package turns mmengine's checkpoint loading over to the safe reader.
"""

from sslrecipes.checkpoint.conversion.convert import read_weights
from sslrecipes.checkpoint.coverage import Coverage, load_weights
from sslrecipes.checkpoint.files.mmengine_loader import install
from sslrecipes.checkpoint.files.reading import read_checkpoint, read_meta
from sslrecipes.checkpoint.files.store import CheckpointStore
from sslrecipes.checkpoint.files.writing import BackgroundWriter, save_safetensors, save_torch
from sslrecipes.checkpoint.initializer import Pretrained, load_pretrained

install()

__all__ = [
    'BackgroundWriter',
    'CheckpointStore',
    'Coverage',
    'Pretrained',
    'load_pretrained',
    'load_weights',
    'read_checkpoint',
    'read_meta',
    'read_weights',
    'save_safetensors',
    'save_torch',
]
