"""The two faces of TEC's new model: masked student in pre-training, plain ViT with a live token MLP in fine-tuning."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import VisionTransformer
from torch import Tensor

from sslrecipes.models.backbones.masked_vit import MaskedViT
from sslrecipes.models.backbones.token_mlp import TokenMLPViT
from sslrecipes.registry import MODELS


@MODELS.register_module()
class TECViT(TokenMLPViT, MaskedViT):
    """Student of TEC: a :class:`MaskedViT` that returns all layers and passes its class token through an MLP.

    Args:
        mlp_token: Whether the class token passes the MLP.
        **kwargs: Arguments of :class:`MaskedViT`.
    """

    def forward(  # type: ignore[override]  # one tensor per layer where MAE gives the last only
        self, x: Tensor, mask: bool | None = True, noise: Tensor | None = None
    ) -> tuple[Any, ...]:
        """Encode the visible patches, or all of them.

        Args:
            x: Images ``(B, 3, H, W)``.
            mask: Whether to mask.
            noise: ``(B, L)`` uniform draws that decide the mask.

        Returns:
            With mask: a list of D tensors ``(B, 1 + K, C)`` (raw block outputs, the last one after the final norm),
            mask and ids_restore ``(B, L)``. Without: what ``VisionTransformer`` returns for ``out_type``.
        """
        if not mask:
            return self.forward_unmasked(x)
        tokens, removed, ids_restore = self.embed_visible(x, noise)
        outputs = []
        for layer in self.layers:
            tokens = layer(tokens)
            outputs.append(tokens)
        outputs[-1] = self.ln1(tokens)
        return outputs, removed, ids_restore


@MODELS.register_module()
class TECFineTuneViT(TokenMLPViT):
    """ViT for fine-tuning a TEC checkpoint: live token MLP, frozen position embedding, TEC's layer decay.

    Args:
        mlp_token: False for converted checkpoints, whose token is baked.
        **kwargs: Arguments of ``mmpretrain.models.VisionTransformer``; TEC uses ``out_type='avg_featmap'`` and
            ``final_norm=False`` (mean of patch tokens, then a fresh norm).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pos_embed.requires_grad = False

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Encode images ``(B, 3, H, W)``; returns what ``VisionTransformer`` returns for ``out_type``."""
        return self.forward_unmasked(x)

    def get_layer_depth(self, param_name: str, prefix: str = '') -> tuple[int, int]:
        """Depth of a parameter for layer-wise lr decay: the class token and its MLP learn at the full lr."""
        depth, num_layers = VisionTransformer.get_layer_depth(self, param_name, prefix)
        if param_name.startswith(f'{prefix}cls_token'):
            depth = num_layers - 1
        return depth, num_layers
