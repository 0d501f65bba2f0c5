"""Parameter groups by dimension and depth."""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

OPTIONS = ('no_decay', 'no_decay_depthwise', 'decay_bias', 'layer_decay', 'vector_lr_scale')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ParamGroupsConstructor:
    """Group parameters by learning-rate scale and weight decay.

    Parameters with at most one dimension (biases, norms) aren't decayed, whatever their name. Frozen parameters get no
    group. Each group carries ``lr_scale`` and ``decay_scale`` (0 or 1), by which the schedules of learning rate and
    weight decay multiply.

    Args:
        optim_wrapper_cfg: Config of the optimizer wrapper, with ``optimizer``.
        paramwise_cfg: ``no_decay``: further parameters without decay, by the last component of their name (fine-tuning
            exempts ``cls_token`` and ``pos_embed``, pre-training doesn't). ``no_decay_depthwise``: exempt the weights
            of depthwise convolutions, too (SSLight). ``decay_bias``: decay the biases of linear layers and
            convolutions, though not those of norms (ViTDet). ``layer_decay``: factor γ of layer-wise lr decay; the
            depths come from ``get_layer_depth`` of the model or else of its backbone, as in detectors and segmentors,
            where whatever isn't in the backbone learns at the full lr. ``vector_lr_scale``: factor of the lr of
            parameters with at most one dimension (Barlow Twins).

    A model may define ``param_lr_scale(name) -> float`` (several probes trained at once).

    Raises:
        ConfigError: For an unknown option, or ``layer_decay`` where neither model nor backbone has ``get_layer_depth``.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        self.wrapper_cfg = copy.deepcopy(optim_wrapper_cfg)
        options = dict(paramwise_cfg or {})
        for name in options:
            if name not in OPTIONS:
                raise ConfigError(
                    f'paramwise_cfg has no option {name!r}; it has {list(OPTIONS)}.{did_you_mean(name, list(OPTIONS))}'
                )
        self.no_decay = tuple(options.get('no_decay', ()))
        self.no_decay_depthwise = bool(options.get('no_decay_depthwise', False))
        self.decay_bias = bool(options.get('decay_bias', False))
        self.layer_decay = options.get('layer_decay')
        self.vector_lr_scale = float(options.get('vector_lr_scale', 1.0))

    def __call__(self, model: Any) -> Any:
        """Build the optimizer wrapper for ``model``."""
        model = unwrapped(model)
        wrapper_cfg = copy.deepcopy(self.wrapper_cfg)
        optimizer_cfg = wrapper_cfg.pop('optimizer')
        groups = self.param_groups(model, optimizer_cfg['lr'], optimizer_cfg.get('weight_decay', 0.0))
        optimizer = OPTIMIZERS.build(optimizer_cfg, default_args=dict(params=groups))
        wrapper_cfg.setdefault('type', 'OptimWrapper')
        return OPTIM_WRAPPERS.build(wrapper_cfg, default_args=dict(optimizer=optimizer))

    def param_groups(self, model: Any, lr: float, weight_decay: float) -> list[dict[str, Any]]:
        """List the groups of ``model``'s trainable parameters, in the order of their first parameter."""
        groups: dict[tuple[float, bool], dict[str, Any]] = {}
        biases = weight_biases(model) if self.decay_bias else set()
        for name, param in model.named_parameters():
            if not param.requires_grad:
                continue
            scale = self.lr_scale(model, name) * (self.vector_lr_scale if param.ndim <= 1 else 1.0)
            decayed = name in biases or self.is_decayed(name, param)
            decay = weight_decay if decayed else 0.0
            new = dict(params=[], lr=lr * scale, weight_decay=decay, lr_scale=scale, decay_scale=float(decayed))
            groups.setdefault((scale, decayed), new)['params'].append(param)
        return list(groups.values())

    def is_decayed(self, name: str, param: Tensor) -> bool:
        """Tell whether weight decay applies to a parameter."""
        depthwise = param.ndim == 4 and param.shape[1] == 1
        exempt = name.rpartition('.')[2] in self.no_decay or (depthwise and self.no_decay_depthwise)
        return param.ndim > 1 and not exempt

    def lr_scale(self, model: Any, name: str) -> float:
        """Learning-rate factor of the parameter ``name``."""
        scale = float(model.param_lr_scale(name)) if hasattr(model, 'param_lr_scale') else 1.0
        if self.layer_decay is None:
            return scale
        depth, num_layers = layer_depth(model, name)
        return scale * self.layer_decay ** (num_layers - 1 - depth)


def layer_depth(model: Any, name: str) -> tuple[int, int]:
    """Depth of the parameter ``name`` and the number of depths, as the model or its backbone tells them.

    Raises:
        ConfigError: If neither has ``get_layer_depth``.
    """
    backbone: Any = getattr(model, 'backbone', None)
    if hasattr(model, 'get_layer_depth'):
        depths: tuple[int, int] = model.get_layer_depth(name)
    elif hasattr(backbone, 'get_layer_depth'):
        depths = backbone.get_layer_depth(name, prefix='backbone.')
    else:
        without = type(model).__name__ if backbone is None else f'{type(backbone).__name__}, the backbone,'
        raise ConfigError(f'layer_decay needs a model with get_layer_depth; {without} has none.')
    return depths


def weight_biases(model: nn.Module) -> set[str]:
    """Names of the biases that belong to a weight of two or more dimensions, hence to no norm."""
    dimensions = {name: param.ndim for name, param in model.named_parameters()}
    biases = (name for name in dimensions if name.endswith('bias'))
    return {name for name in biases if dimensions.get(f'{name.removesuffix("bias")}weight', 0) > 1}
