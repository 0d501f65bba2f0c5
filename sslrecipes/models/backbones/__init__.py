"""Backbones."""

from sslrecipes.models.backbones.dino_vit import DINOViT
from sslrecipes.models.backbones.mae_priv_vit import MAEPrivFineTuneViT, MAEPrivViT
from sslrecipes.models.backbones.masked_vit import MaskedViT
from sslrecipes.models.backbones.mocov3_vit import MoCoV3ViT
from sslrecipes.models.backbones.tec_vit import TECFineTuneViT, TECViT

__all__ = ['DINOViT', 'MAEPrivFineTuneViT', 'MAEPrivViT', 'MaskedViT', 'MoCoV3ViT', 'TECFineTuneViT', 'TECViT']
