"""ViTDet: a plain ViT that sees large images, most of its blocks through windows."""

from __future__ import annotations

from typing import Any, ClassVar

from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.initialization import normal_init
from sslrecipes.registry import MODELS
from sslrecipes.transfer.patch_resizing import PatchResizingViT
from sslrecipes.transfer.windowed_attention import WindowedAttention


@MODELS.register_module()
class ViTDet(PatchResizingViT):
    """mmpretrain's ``VisionTransformer`` as the backbone of a detector, with four differences.

    * all but a few blocks attend within windows (see :class:`WindowedAttention`);
    * optional relative positions, zero at the start;
    * neither class token nor final norm; the class token's row of ``pos_embed`` stays, as in the checkpoints, unused;
    * one feature map, that of the last block, and activation checkpointing.

    Images may have any size: the position table stays as pre-trained and is interpolated for each of them.

    Args:
        arch: As in ``VisionTransformer``: ``'base'``, ``'large'``, ``'deit-tiny'``, a dict ...
        img_size: Pixels per side in pre-training, which the position table is for.
        patch_size: Pixels per side of a patch, the stride of the feature map.
        window_size: Tokens per side of a window; None lets every block attend to the whole map.
        global_blocks: Number of blocks without windows, evenly spaced, the last block among them: 4 gives blocks 2, 5,
            8, 11 of 12 and 5, 11, 17, 23 of 24.
        use_rel_pos: Whether blocks learn relative positions.
        input_size: Pixels per side of the detector's images: the map whose relative positions the blocks without
            windows learn.
        with_cp: Whether to save memory by computing the blocks' activations again for the gradient.
        **kwargs: Arguments of ``VisionTransformer`` (``drop_path_rate``, ``frozen_stages``, ``interpolate_mode`` ...),
            ``with_cls_token=False`` for weights without class token, and ``pretrained_patch_size``.

    Raises:
        ConfigError: If ``window_size`` or ``global_blocks`` isn't positive.

    Source: `Exploring Plain Vision Transformer Backbones for Object Detection <https://arxiv.org/abs/2203.16527>`_.
    """

    #: Parameters that no pre-training has
    new_parameters: ClassVar[tuple[str, ...]] = ('rel_pos',)
    #: Weights of pre-training that this backbone has no use for
    unused_weights: ClassVar[tuple[str, ...]] = ('cls_token', 'ln1.', 'mask_token')

    def __init__(
        self,
        arch: str | dict[str, int] = 'base',
        img_size: int = 224,
        patch_size: int = 16,
        window_size: int | None = 14,
        global_blocks: int = 4,
        use_rel_pos: bool = False,
        input_size: int = 1024,
        with_cp: bool = False,
        **kwargs: Any,
    ) -> None:
        for name, value in dict(window_size=window_size, global_blocks=global_blocks).items():
            if value is not None and value < 1:
                raise ConfigError(f'ViTDet: {name} must be positive, not {value}.')
        super().__init__(arch, img_size, patch_size, out_type='featmap', final_norm=False, **kwargs)
        self.cls_token = None
        self.with_cp = with_cp
        whole_maps = {(i + 1) * self.num_layers // global_blocks - 1 for i in range(global_blocks)}
        for index, layer in enumerate(self.layers):
            window = None if index in whole_maps else window_size
            position_size = (window or input_size // patch_size) if use_rel_pos else None
            layer.attn = WindowedAttention(layer.attn, window, position_size)

    def init_weights(self) -> None:
        """Initialise as the official code: normal weights of standard deviation 0.02, relative positions zero."""
        super().init_weights()
        normal_init(self, std=0.02)

    def embed(self, images: Tensor) -> Tensor:
        """Patches with their positions, ``(B, H, W, C)``, of images ``(B, 3, h, w)``."""
        patches, grid = self.patch_embed(images)
        positions = resize_pos_embed(
            self.pos_embed, self.patch_resolution, grid, self.interpolate_mode, self.num_extra_tokens
        )
        tokens: Tensor = self.drop_after_pos(patches + positions[:, self.num_extra_tokens :])
        return tokens.unflatten(1, grid)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Encode images ``(B, 3, h, w)``.

        Returns:
            The feature map ``(B, C, H, W)`` of the last block, H = ⌈h / patch_size⌉.
        """
        tokens = self.embed(x)
        for layer in self.layers:
            tokens = self._run(layer, tokens)
        return (tokens.permute(0, 3, 1, 2).contiguous(),)

    def plain_features(self, images: Tensor) -> Tensor:
        """What the plain ViT, without class token, makes of images ``(B, 3, h, w)``.

        The same weights with every block attending to the whole map and without relative positions: features
        ``(B, C, H, W)`` of the last block, before the final norm. Call it in evaluation mode, else drop path is active.
        """
        tokens = self.embed(images)
        for layer in self.layers:
            tokens = tokens + layer.attn.attend_plainly(layer.ln1(tokens))
            tokens = layer.ffn(layer.ln2(tokens), identity=tokens)
        return tokens.permute(0, 3, 1, 2)

    def _run(self, layer: nn.Module, tokens: Tensor) -> Tensor:
        if self.with_cp and self.training:
            return checkpoint(layer, tokens, use_reentrant=False)  # type: ignore[no-any-return]
        return layer(tokens)  # type: ignore[no-any-return]
