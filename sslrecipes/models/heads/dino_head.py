"""DINO's loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor

from sslrecipes.models.losses.view_cross_entropy import least_cross_entropy, swapped_cross_entropy
from sslrecipes.models.losses.view_weights import NUM_GLOBALS, ViewWeights
from sslrecipes.models.utils.micro_batches import MicroBatches
from sslrecipes.models.utils.observed import Observed
from sslrecipes.models.utils.precision import full_precision
from sslrecipes.registry import MODELS


@MODELS.register_module()
class DINOHead(Observed, BaseModule):
    """Cross-entropy of student views against the teacher's centred and sharpened global views.

    Shows 'assignment', the teacher's probabilities ``(2 * B, K)``. The buffer ``center`` ``(1, K)`` follows the mean
    teacher output over all ranks and micro-batches, once per optimizer step.

    Args:
        out_channels: Number K of outputs.
        loss_weights: See :class:`ViewWeights`.
        warmup_teacher_temp: Temperature of the teacher in the first epoch.
        teacher_temp: Its temperature from the last warm-up epoch on.
        warmup_teacher_temp_epochs: Length of the linear way between the two.
        student_temp: Temperature of the student.
        center_momentum: Share of the centre that stays.
        init_cfg: Initialisation.

    Attributes:
        target_entropy: What the last loss would have been with perfect predictions.

    Source: DINO (https://arxiv.org/abs/2104.14294), ``DINOLoss``; weights per kind of view: SSLight.
    """

    center: Tensor

    def __init__(
        self,
        out_channels: int,
        loss_weights: Sequence[float],
        warmup_teacher_temp: float = 0.04,
        teacher_temp: float = 0.07,
        warmup_teacher_temp_epochs: int = 50,
        student_temp: float = 0.1,
        center_momentum: float = 0.9,
        init_cfg: Any = None,
    ) -> None:
        super().__init__(init_cfg)
        self.weights = ViewWeights(loss_weights)
        self.warmup_teacher_temp = warmup_teacher_temp
        self.teacher_temp = teacher_temp
        self.warmup_teacher_temp_epochs = warmup_teacher_temp_epochs
        self.student_temp = student_temp
        self.center_momentum = center_momentum
        self.register_buffer('center', torch.zeros(1, out_channels))
        self.micro_batches = MicroBatches()
        self.target_entropy: Tensor | None = None

    @property
    def trivial_loss(self) -> float:
        """Loss when student and teacher are uniform: ``ln K``, weighted."""
        return math.log(self.center.shape[1]) * sum(self.weights.weights)

    def teacher_temperature(self, epoch: int) -> float:
        """Temperature in ``epoch``, from 0; the last epoch of the warm-up has the final one already."""
        last = self.warmup_teacher_temp_epochs - 1
        if epoch > last:
            return self.teacher_temp
        return self.warmup_teacher_temp + (self.teacher_temp - self.warmup_teacher_temp) * epoch / max(last, 1)

    def loss(self, student: Tensor, teacher: Tensor, num_views: int, epoch: int) -> Tensor:
        """Compare each view with the teacher's global views other than itself; the last of a step moves the centre.

        Args:
            student: Outputs ``(V * B, K)`` of all views ``[g1, g2, l1 ...]``, the rows of a view together.
            teacher: Outputs ``(2 * B, K)`` of the global views.
            num_views: V.
            epoch: Present epoch, from 0.

        Returns:
            Scalar, computed in float32 under autocast, too.

        Raises:
            ConfigError: If the loss weights don't fit the number of views.
        """
        self.weights.check(num_views)
        with full_precision(student):
            targets = self._assign(teacher.detach().float(), epoch).unflatten(0, (NUM_GLOBALS, -1))
            logits = (student.float() / self.student_temp).unflatten(0, (num_views, -1))
            self.target_entropy = least_cross_entropy(targets, self.weights)
            loss = swapped_cross_entropy(targets, logits, self.weights)
        self._move_center(teacher.detach().float())
        return loss

    def _assign(self, teacher: Tensor, epoch: int) -> Tensor:
        """Probabilities of teacher outputs."""
        assignment = ((teacher - self.center) / self.teacher_temperature(epoch)).softmax(dim=1)
        self.show('assignment', assignment)
        return assignment

    def _move_center(self, teacher: Tensor) -> None:
        """With the last micro-batch, draw the centre towards the mean of the step's outputs of all ranks."""
        if means := self.micro_batches.add(teacher.mean(dim=0, keepdim=True)):
            mean = torch.stack(means).mean(dim=0)
            all_reduce(mean, 'mean')
            self.center.lerp_(mean, 1 - self.center_momentum)
