"""What a recipe costs, counted on a device that computes nothing; and beside pictures of the usual size."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslrecipes.commands.costs import step_cost
from sslrecipes.commands.dense_costs import dense_flops, picture_size
from sslrecipes.commands.flops import flop_counter
from sslrecipes.commands.synthetic import mid_run, synthetic_batch
from sslrecipes.config.image_size import at_size, training_side
from sslrecipes.config.loading import import_components
from sslrecipes.config.picture_size import picture_size as side_of
from sslrecipes.config.places import value_at
from sslrecipes.config.upstream import adopted
from sslrecipes.registry import MODELS

#: What components may raise when they are built or called; whether they work is for their own run to find out.
REFUSALS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, OSError, TypeError),
    *(RuntimeError, ValueError),  # also NotImplementedError, and the user's mistakes
)
#: Side in pixels of the pictures that costs are compared with.
USUAL_SIDE = 224
#: Optimizers that keep one moment of each parameter; others keep two.
_ONE_MOMENT = ('SGD', 'LARS')
_BYTES = 4


@dataclass(frozen=True)
class RecipeCost:
    """What a step of a recipe costs.

    Attributes:
        flops: Floating-point operations for each image.
        step_flops: Those that don't depend on the number of images.
        checkpoint: Bytes of a checkpoint: weights and moments of the optimizer.
    """

    flops: float
    step_flops: float = 0
    checkpoint: int = 0

    def per_image(self, cfg: Config) -> float:
        """Operations for each image in a batch of the recipe."""
        shared = self.step_flops / (cfg.train_dataloader.get('batch_size') or 1) if cfg.get('train_cfg') else 0
        return self.flops + shared


def relative_cost(cfg: Config) -> float | None:
    """Cost of an image relative to that of the same recipe at :data:`USUAL_SIDE`, local crops in proportion.

    None if it can't be told, as of detectors and segmentors, which have no such size.
    """
    side = training_side(cfg)
    if side in (None, USUAL_SIDE):
        return side and 1.0
    usual = at_size(cfg, USUAL_SIDE)
    here, there = recipe_cost(cfg), recipe_cost(usual)
    return here.per_image(cfg) / there.per_image(usual) if here and there else None


def recipe_cost(cfg: Config) -> RecipeCost | None:
    """Count a step of a recipe on the ``meta`` device, which computes nothing; None if it can't be told.

    SwAV, which looks at the values of tensors, is counted while it computes.

    What has boxes, masks or maps is counted for as many regions as are sampled; a test, forward only.
    """
    try:
        import_components(cfg)
        cfg = adopted(cfg)
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'sslrecipes')):
            model = {'data_preprocessor': cfg.get('data_preprocessor'), **cfg.model}
            try:
                return _counted(cfg, _without_memory(model))
            except NotImplementedError:
                return _counted(cfg, MODELS.build(model))
    except REFUSALS:
        return None


def _without_memory(cfg: Mapping[str, Any]) -> Any:
    """Build a model without memory for its weights, as far as it can be built so."""
    try:
        with torch.device('meta'):
            model = MODELS.build(deepcopy(cfg))
    except (NotImplementedError, RuntimeError):  # it computes with a tensor
        model = MODELS.build(deepcopy(cfg))
    return model.to('meta')


def _counted(cfg: Config, model: Any) -> RecipeCost | None:
    if not cfg.get('train_cfg'):
        return _tested(cfg, model)
    moments = 1 if cfg.optim_wrapper.optimizer.type.rpartition('.')[2] in _ONE_MOMENT else 2
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    checkpoint = sum(value.nbytes for value in model.state_dict().values()) + _BYTES * moments * trained
    if cfg.get('transfer') is None:
        step = step_cost(model, partial(synthetic_batch, cfg), progress=mid_run(cfg))
        return RecipeCost(step.flops, step.step_flops, checkpoint)
    size = picture_size(cfg)
    return RecipeCost(dense_flops(model, size), 0, checkpoint) if size else None


def _tested(cfg: Config, model: Any) -> RecipeCost | None:
    side = value_at(cfg, 'model.backbone.img_size') or side_of(cfg.get('test_dataloader'))
    if not isinstance(side, int) or not hasattr(model, 'extract_feat'):
        return None
    with torch.no_grad(), flop_counter() as counter:
        model.eval().extract_feat(torch.empty(1, 3, side, side, device='meta'))
    return RecipeCost(counter.get_total_flops())
