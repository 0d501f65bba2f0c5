"""MAE-priv: masked autoencoder with or without a class token."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from sslrecipes.errors import ConfigError
from sslrecipes.models.methods.mae import MAE
from sslrecipes.registry import MODELS


@MODELS.register_module()
class MAEPriv(MAE):
    """Reconstruct the pixels of removed patches; only these are predicted, and compared, in training.

    The GAP variant has no class token; in the other one the token goes through the encoder and is then dropped.

    Source: `BUPT-PRIV/MAE-priv <https://github.com/BUPT-PRIV/MAE-priv>`_.
    """

    def loss(
        self, inputs: Tensor, data_samples: Any = None, noise: Tensor | None = None, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Mean squared error of images ``(B, 3, H, W)`` over the removed patches; ``noise`` as in :meth:`reconstruct`.

        Raises:
            ConfigError: If the mask removes no patch.
            DataError: If the images aren't RGB or have another size than the encoder's ``img_size``.
        """
        latent, _, ids_restore = self.backbone(inputs, noise=noise)
        removed = ids_restore.argsort(dim=1)[:, latent.shape[1] :]
        if not removed.shape[1]:
            raise ConfigError(
                f'mask_ratio={self.backbone.mask_ratio} removes no patch: there is nothing to reconstruct.'
            )
        pred = self.neck(latent, ids_restore, removed)
        return {'loss': self.head.masked_loss(pred, inputs, removed)}
