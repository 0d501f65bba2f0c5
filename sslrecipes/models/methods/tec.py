"""TEC: target-enhanced conditional pre-training on top of an existing self-supervised model."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sslrecipes.config.rules import refuse
from sslrecipes.config.rules.sizes import other_grid
from sslrecipes.errors import ConfigError
from sslrecipes.models.utils.frozen import keep_out_of_checkpoints
from sslrecipes.models.utils.target_entropy_log import TargetEntropyLog
from sslrecipes.registry import MODELS


@MODELS.register_module()
class TEC(TargetEntropyLog):
    """Regress features and patch relations of a frozen base model from a quarter of the patches.

    Parts: ``target_generator`` (frozen base model, sees the whole image), ``backbone`` (student), ``neck`` (encoder
    adapter and decoder branches), ``head`` (losses).

    Source: `Towards Sustainable Self-supervised Learning <https://arxiv.org/abs/2210.11016>`_.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keep_out_of_checkpoints(self, 'target_generator')
        self._check_parts()
        self.head.relation_patches = self.backbone.num_patches if self.neck.relation_branch is not None else 0

    def _check_parts(self) -> None:
        """Refuse a neck that does not fit the base model or the student."""
        base, neck, student = self.target_generator, self.neck, self.backbone
        pairs = {
            'neck.embed_dims': (neck.embed_dims, student.embed_dims),
            'neck.target_dims': (neck.target_dims, base.embed_dims),
            'the patches of the base model': (base.pos_embed.shape[1] - 1, student.num_patches),
            'neck.relation': (neck.relation_branch is not None, base.relation),
        }
        if neck.relation_branch is not None:
            pairs['neck.target_heads'] = (neck.relation_branch.heads, base.arch_settings['num_heads'])
        grid = neck.pos_embed.shape[1] - 1, student.img_size, student.patch_embed.projection.kernel_size
        refuse(other_grid('model.neck.num_patches', *grid), 'model')
        for name, (actual, needed) in pairs.items():
            if actual != needed:
                raise ConfigError(f'TEC: {name} is {actual}, but base model and student need {needed}.')

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Features of whole images ``(B, 3, H, W)``."""
        return self.backbone(inputs, mask=False)

    def loss(
        self, inputs: Tensor, data_samples: Any = None, noise: Tensor | None = None, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Feature and relation loss of images ``(B, 3, H, W)``; ``noise`` ``(B, L)`` decides the mask if given."""
        targets = self.target_generator(inputs)
        layers, mask, ids_restore = self.backbone(inputs, noise=noise)
        prediction = self.neck(layers, ids_restore, targets.query_ids)
        return self.head.loss(prediction, targets, mask)
