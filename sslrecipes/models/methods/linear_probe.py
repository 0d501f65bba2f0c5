"""Linear probe: classifiers on a frozen backbone, several learning rates at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, DataError
from sslrecipes.models.methods.feature_model import FeatureModel
from sslrecipes.registry import MODELS


@MODELS.register_module()
class LinearProbe(FeatureModel):
    """One linear classifier per learning rate, all fed by one pass of the frozen backbone.

    The backbone stays in eval mode and gets no gradient. All heads start from the same weights and see the same
    images, so they differ by their learning rate only: ``ParamGroupsConstructor`` asks :meth:`param_lr_scale`. Clipping
    the gradient norm would couple them.

    Args:
        backbone: See :class:`FeatureModel`.
        num_classes: Number of classes K.
        lr_scales: Factors of the optimizer's learning rate, one head each; ``(1.0,)`` is the recipe of a paper.
        in_channels: Width C of the pooled features; by default what the backbone's ``embed_dims`` implies.
        with_bn: Put a BatchNorm without affine between features and heads, trained as in MAE (batch statistics).
        bn_eps: Its epsilon: 1e-6 in MAE, 1e-5 in MAE-priv.
        init_std: Standard deviation of the heads' normal weights; biases start at 0. (MAE truncates at ±2, two hundred
            standard deviations, which changes nothing.)
        **kwargs: ``pool``, ``final_norm``, ``outputs``, ``data_preprocessor``, ``init_cfg`` of :class:`FeatureModel`.

    Raises:
        ConfigError: If ``lr_scales`` is empty, has repeats or a scale that isn't positive, or ``in_channels`` is
            missing for a backbone without ``embed_dims``.

    Source: `Masked Autoencoders Are Scalable Vision Learners <https://arxiv.org/abs/2111.06377>`_, appendix A.1;
    the linear evaluation of SSLight (``outputs='all'`` for ViTs).
    """

    def __init__(
        self,
        backbone: dict[str, Any] | nn.Module,
        num_classes: int,
        lr_scales: Sequence[float] = (1.0,),
        in_channels: int | None = None,
        with_bn: bool = False,
        bn_eps: float = 1e-6,
        init_std: float = 0.01,
        **kwargs: Any,
    ) -> None:
        super().__init__(backbone, **kwargs)
        if not lr_scales or min(lr_scales) <= 0 or len(set(lr_scales)) < len(lr_scales):
            raise ConfigError(f'lr_scales of a LinearProbe must be positive and different, got {tuple(lr_scales)}.')
        channels = in_channels or self.feature_channels
        if channels is None:
            raise ConfigError(f'LinearProbe needs in_channels: {type(self.backbone).__name__} does not tell its width.')
        self.num_classes = num_classes
        self.lr_scales = tuple(float(scale) for scale in lr_scales)
        self.init_std = init_std
        self.neck = nn.BatchNorm1d(channels, eps=bn_eps, affine=False) if with_bn else nn.Identity()
        self.heads = nn.ModuleList(nn.Linear(channels, num_classes) for _ in lr_scales)
        self.backbone.requires_grad_(False)

    def init_weights(self) -> None:
        """Initialise all heads alike, then whatever ``init_cfg`` of the backbone or the whole model says."""
        heads = self._linear_layers()
        start = nn.init.trunc_normal_(torch.empty_like(heads[0].weight), std=self.init_std)
        for head in heads:
            head.weight.data.copy_(start)
            nn.init.zeros_(head.bias)
        super().init_weights()

    def train(self, mode: bool = True) -> LinearProbe:
        """Set the mode of everything but the backbone, which stays in eval mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def _linear_layers(self) -> list[nn.Linear]:
        return cast('list[nn.Linear]', list(self.heads))

    def param_lr_scale(self, name: str) -> float:
        """Factor of the learning rate for the parameter ``name``."""
        part, _, rest = name.partition('.')
        return self.lr_scales[int(rest.partition('.')[0])] if part == 'heads' else 1.0

    def forward(self, inputs: Tensor, data_samples: list[DataSample] | None = None, mode: str = 'tensor') -> Any:
        """Run the probe on normalised images ``(B, 3, H, W)``.

        Args:
            inputs: Images.
            data_samples: Their labels, for 'loss'; the samples to fill, for 'predict'.
            mode: 'tensor' gives logits ``(B, H, K)`` of the H heads, 'loss' :meth:`loss`, 'predict' :meth:`predict`.
        """
        logits = self.logits(inputs)
        if mode == 'loss':
            return self.loss(logits, data_samples or [])
        if mode == 'predict':
            return self.predict(logits, data_samples)
        return logits

    def logits(self, inputs: Tensor) -> Tensor:
        """Logits ``(B, H, K)`` of images ``(B, 3, H, W)``."""
        with torch.no_grad():
            features = self.extract_feat(inputs)
        heads = self._linear_layers()
        weight = torch.cat([head.weight for head in heads])
        bias = torch.cat([head.bias for head in heads])
        return F.linear(self.neck(features), weight, bias).view(len(features), len(heads), -1)

    def loss(self, logits: Tensor, data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Cross-entropy of each head, named by its lr scale (``loss_x0.5``); their sum is minimised.

        Raises:
            DataError: If a sample has no single label.
        """
        if any('gt_label' not in sample or sample.gt_label.numel() != 1 for sample in data_samples):
            raise DataError('A linear probe needs exactly one gt_label per image.')
        labels = torch.cat([sample.gt_label for sample in data_samples]).to(logits.device)
        return {
            f'loss_x{scale:g}': F.cross_entropy(logits[:, head], labels) for head, scale in enumerate(self.lr_scales)
        }

    def predict(self, logits: Tensor, data_samples: list[DataSample] | None = None) -> list[DataSample]:
        """Fill in ``probe_score`` (H, K) and ``probe_lr_scales``; with a single head also ``pred_score`` (K,)."""
        samples = data_samples or [DataSample() for _ in logits]
        for sample, scores in zip(samples, logits.softmax(dim=2), strict=True):
            sample.set_metainfo({'probe_lr_scales': self.lr_scales})
            sample.set_field(scores, 'probe_score')
            if len(scores) == 1:
                sample.set_pred_score(scores[0]).set_pred_label(scores[0].argmax())
        return samples
