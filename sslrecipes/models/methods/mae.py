"""MAE: masked autoencoder."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import MAE as MMPretrainMAE  # noqa: N811
from torch import Tensor, nn

from sslrecipes.registry import MODELS


@MODELS.register_module()
class MAE(MMPretrainMAE):
    """Reconstruct the pixels of removed patches from the visible ones.

    mmpretrain's ``MAE`` whose mask noise can be given, and which shows its reconstructions.

    Source: `Masked Autoencoders Are Scalable Vision Learners <https://arxiv.org/abs/2111.06377>`_.
    """

    @property
    def trivial_loss(self) -> float | None:
        """Loss of a network that doesn't tell images apart: the variance 1 of a normalised patch; None for others.

        It is ``1 - 1 / D`` for D values in a patch where the variance is the unbiased one, and 0 in patches of one
        colour.
        """
        squared = isinstance(getattr(self.head.loss_module, 'penalty', None), nn.MSELoss)
        return 1.0 if self.head.norm_pix and squared else None

    def reconstruct(self, inputs: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predict all patches of masked images.

        Args:
            inputs: Images ``(B, 3, H, W)``, normalised.
            noise: ``(B, L)`` uniform draws that decide the mask; drawn if not given.

        Returns:
            Prediction ``(B, L, p * p * 3)`` in the target's space (per-patch normalised with ``norm_pix``) and mask
            ``(B, L)``, 1 = removed.
        """
        latent, mask, ids_restore = self.backbone(inputs, noise=noise)
        return self.neck(latent, ids_restore), mask

    def loss(
        self, inputs: Tensor, data_samples: Any = None, noise: Tensor | None = None, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Pixel loss of images ``(B, 3, H, W)`` on the removed patches; ``noise`` as in :meth:`reconstruct`."""
        pred, mask = self.reconstruct(inputs, noise)
        return {'loss': self.head.loss(pred, inputs, mask)}
