"""TEC's losses."""

from __future__ import annotations

import math
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.models.losses.feature_regression import masked_mse, normalize_over_patches
from sslrecipes.models.losses.relation import relation_cross_entropy, relation_distribution
from sslrecipes.models.losses.target_entropy import entropy
from sslrecipes.models.necks.tec_neck import TECPrediction
from sslrecipes.models.targets.tec_base_model import TECTargets
from sslrecipes.registry import MODELS


@MODELS.register_module()
class TECHead(BaseModule):
    """Feature loss on removed patches plus relation loss on everything, both with weight 1.

    Args:
        relation_temperature: Divides the base model's attention logits.
        normalize_target: Whether to normalise target features over the patches (the ablation turns it off).

    Attributes:
        relation_patches: Number L of patches to which relations are predicted, 0 for none; set by the method.
        target_entropy: What the last relation loss would have been with perfect predictions; None without that loss.

    Source: TEC (https://arxiv.org/abs/2210.11016).
    """

    def __init__(self, relation_temperature: float = 1.8, normalize_target: bool = True, init_cfg: Any = None) -> None:
        super().__init__(init_cfg)
        self.relation_temperature = relation_temperature
        self.normalize_target = normalize_target
        self.relation_patches: int | None = None
        self.target_entropy: Tensor | None = None

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that doesn't tell images apart: variance 1 of a normalised feature, and a uniform relation.

        None outside a method, and for features that aren't normalised.
        """
        if self.relation_patches is None or not self.normalize_target:
            return None
        return 1.0 + (math.log(self.relation_patches) if self.relation_patches else 0.0)

    def loss(self, prediction: TECPrediction, targets: TECTargets, mask: Tensor) -> dict[str, Tensor]:
        """Compare predictions with targets; ``mask`` is ``(B, L)``, 1 = removed."""
        feature = normalize_over_patches(targets.feature) if self.normalize_target else targets.feature
        losses = {'loss_fea': masked_mse(prediction.feature, feature, mask)}
        if prediction.relation is not None:
            assert targets.relation is not None, 'the relation branch needs a base model with relation=True'
            self.target_entropy = entropy(relation_distribution(targets.relation, self.relation_temperature))
            losses['loss_att'] = relation_cross_entropy(
                prediction.relation, targets.relation, self.relation_temperature
            )
        return losses
