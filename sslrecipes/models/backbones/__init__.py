"""Backbones."""

from sslrecipes.models.backbones.dino_vit import DINOViT
from sslrecipes.models.backbones.masked_vit import MaskedViT
from sslrecipes.models.backbones.tec_vit import TECFineTuneViT, TECViT

__all__ = ['DINOViT', 'MaskedViT', 'TECFineTuneViT', 'TECViT']
