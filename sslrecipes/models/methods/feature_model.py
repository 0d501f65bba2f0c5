"""A frozen backbone as a feature extractor: one vector per image."""

from __future__ import annotations

import inspect
from typing import Any, Literal, cast, get_args

import torch
from mmengine.model import BaseModel
from torch import Tensor, nn

from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.models.utils.precision import at_least_float32
from sslrecipes.models.utils.wrapping import unwrapped
from sslrecipes.registry import MODELS

Pool = Literal['auto', 'avg', 'cls']
Outputs = Literal['last', 'all']
POOLS: tuple[str, ...] = get_args(Pool)
OUTPUTS: tuple[str, ...] = get_args(Outputs)


def pool_features(features: Tensor, pool: str, num_extra_tokens: int) -> Tensor:
    """Pool the output of a backbone to one vector per image.

    Args:
        features: Feature map ``(B, C, H, W)``, tokens ``(B, extra + L, C)`` or vectors ``(B, C)`` (not changed).
        pool: 'avg': mean over positions or patch tokens. 'cls': first token. 'auto': first token if there are extra
            tokens, else the mean.
        num_extra_tokens: Tokens in front of the patch tokens.

    Returns:
        Tensor ``(B, C)``, float32 unless the features are float64.

    Raises:
        ConfigError: For 'cls' without a class token.
    """
    features = at_least_float32(features)
    if features.dim() == 2:
        return features
    if pool == 'cls' and (features.dim() == 4 or not num_extra_tokens):
        raise ConfigError("pool='cls' needs a backbone with a class token: use pool='avg'.")
    if features.dim() == 4:
        return features.mean(dim=(2, 3))
    if num_extra_tokens and pool != 'avg':
        return features[:, 0]
    return features[:, num_extra_tokens:].mean(dim=1)


@MODELS.register_module()
class FeatureModel(BaseModel):
    """One feature vector per image, from any backbone of mmpretrain or this package.

    ViTs must return all tokens (``out_type='raw'``) for ``pool`` to have a choice. With the default
    ``final_norm=True`` tokens are pooled after the backbone's pre-trained final norm: what MAE's decoder, TEC's
    targets and MAE's linear probe see. ``final_norm=False`` pools the last block's output: MAE-priv's k-NN feature.
    Masked-image-modelling backbones see the whole image.

    Load weights by ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix='backbone.')`` on the backbone, or by
    ``load_from`` a checkpoint of any method.

    Args:
        backbone: Config of the backbone, or the module itself.
        pool: See :func:`pool_features`.
        final_norm: False skips the final norm of a ViT; its weights are loaded all the same.
        data_preprocessor: Normalisation; ``type`` defaults to 'ClsDataPreprocessor'.
        init_cfg: Initialisation.
        outputs: Of a backbone with several outputs (``out_indices``) 'last' pools the last one; 'all' pools each and
            puts the vectors side by side, as DINO's and SSLight's linear evaluation of ViTs does.

    Raises:
        ConfigError: If ``pool`` or ``outputs`` is unknown, ``pool`` contradicts the backbone's ``out_type``, or
            ``final_norm=False`` is asked of a backbone without a final norm.

    Example:
        >>> import torch
        >>> arch = dict(embed_dims=32, num_layers=1, num_heads=2, feedforward_channels=64)
        >>> vit = dict(type='VisionTransformer', arch=arch, img_size=16, patch_size=8, out_type='raw')
        >>> FeatureModel(vit, pool='avg')(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 32])
    """

    def __init__(
        self,
        backbone: dict[str, Any] | nn.Module,
        pool: Pool = 'auto',
        final_norm: bool = True,
        data_preprocessor: dict[str, Any] | nn.Module | None = None,
        init_cfg: Any = None,
        outputs: Outputs = 'last',
    ) -> None:
        if not isinstance(data_preprocessor, nn.Module):
            data_preprocessor = MODELS.build({'type': 'ClsDataPreprocessor', **(data_preprocessor or {})})
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = backbone if isinstance(backbone, nn.Module) else MODELS.build(backbone)
        self.pool = _choice('pool', pool, POOLS)
        self.outputs = _choice('outputs', outputs, OUTPUTS)
        self._check_pool()
        self._takes_mask = 'mask' in inspect.signature(self.backbone.forward).parameters
        if not final_norm:
            self._skip_final_norm()

    @property
    def feature_channels(self) -> int | None:
        """Width C of the features if the backbone tells that of its outputs (``embed_dims``), else None."""
        width = getattr(self.backbone, 'embed_dims', None)
        if not isinstance(width, int):
            return None
        return width * len(cast('list[int]', self.backbone.out_indices)) if self.outputs == 'all' else width

    def _check_pool(self) -> None:
        out_type = getattr(self.backbone, 'out_type', 'raw')
        pooled_by_backbone = {'cls_token': 'cls', 'avg_featmap': 'avg'}.get(out_type, self.pool)
        if self.pool not in ('auto', pooled_by_backbone):
            raise ConfigError(
                f'pool="{self.pool}" contradicts out_type="{out_type}" of the backbone: set out_type="raw".'
            )

    def _skip_final_norm(self) -> None:
        if not hasattr(self.backbone, 'final_norm'):
            raise ConfigError(f'{type(self.backbone).__name__} has no final norm to skip: leave out final_norm=False.')
        self.backbone.final_norm = False

    def extract_feat(self, inputs: Tensor) -> Tensor:
        """Features ``(B, C)`` of normalised images ``(B, 3, H, W)``."""
        outputs = self.backbone(inputs, mask=None) if self._takes_mask else self.backbone(inputs)
        several = outputs if isinstance(outputs, tuple | list) else (outputs,)
        wanted = several if self.outputs == 'all' else several[-1:]
        extra_tokens = getattr(self.backbone, 'num_extra_tokens', 0)
        return torch.cat([pool_features(output, self.pool, extra_tokens) for output in wanted], dim=1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = 'tensor') -> Tensor:
        """Features ``(B, C)`` of normalised images ``(B, 3, H, W)``.

        Raises:
            ConfigError: For any ``mode`` but 'tensor': there is nothing to train and no class to predict.
        """
        if mode != 'tensor':
            raise ConfigError(
                'FeatureModel only extracts features: evaluate it with a KNNLoop, or train a LinearProbe instead.'
            )
        return self.extract_feat(inputs)


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return ``value``, which must be one of ``choices``."""
    if value not in choices:
        hint = did_you_mean(value, list(choices))
        raise ConfigError(f'{name} must be one of {", ".join(choices)}; got "{value}".{hint}')
    return value


def as_feature_model(model: nn.Module, pool: Pool = 'auto') -> FeatureModel:
    """View ``model`` as a feature extractor that shares its backbone and normalisation.

    Args:
        model: A :class:`FeatureModel` (returned as it is; ``pool`` doesn't matter then) or any model with ``backbone``
            and ``data_preprocessor``: self-supervised methods, classifiers. May be wrapped for DDP.
        pool: See :func:`pool_features`.

    Raises:
        ConfigError: If the model has no backbone.
    """
    model = unwrapped(model)
    if isinstance(model, FeatureModel):
        return model
    if not isinstance(getattr(model, 'backbone', None), nn.Module):
        raise ConfigError(f'{type(model).__name__} has no backbone to take features from.')
    normalisation = cast(nn.Module, model.data_preprocessor)
    return FeatureModel(cast(nn.Module, model.backbone), pool=pool, data_preprocessor=normalisation)
