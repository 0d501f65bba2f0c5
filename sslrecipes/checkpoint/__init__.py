"""Weights: safe reading, atomic and sealed writing, a run's checkpoints, key maps, coverage, conversion, export.

Importing the package turns mmengine's checkpoint loading over to the safe reader.
"""

from sslrecipes.checkpoint.conversion import read_weights
from sslrecipes.checkpoint.coverage import Coverage, load_weights
from sslrecipes.checkpoint.export import export_backbone
from sslrecipes.checkpoint.initializer import Pretrained, load_pretrained
from sslrecipes.checkpoint.mmengine_loader import install
from sslrecipes.checkpoint.reading import read_checkpoint, read_meta
from sslrecipes.checkpoint.store import CheckpointStore
from sslrecipes.checkpoint.writing import BackgroundWriter, save_safetensors, save_torch

install()

__all__ = [
    'BackgroundWriter',
    'CheckpointStore',
    'Coverage',
    'Pretrained',
    'export_backbone',
    'load_pretrained',
    'load_weights',
    'read_checkpoint',
    'read_meta',
    'read_weights',
    'save_safetensors',
    'save_torch',
]
