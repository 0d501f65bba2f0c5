"""W2SSL."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslrecipes.config.rules import bad_value, refuse, refuse_bad_values
from sslrecipes.config.rules.checks import one_of, share
from sslrecipes.config.rules.regions import QUADRANTS, SHUFFLES, VIEWS
from sslrecipes.config.rules.sizes import differ
from sslrecipes.errors import ConfigError
from sslrecipes.models.layers.gathering import gather_rows
from sslrecipes.models.layers.momentum_network import MomentumNetwork
from sslrecipes.models.layers.montage import Montages
from sslrecipes.models.layers.quadrants import by_quadrant, pool_quadrants
from sslrecipes.models.methods.multi_crop_method import MultiCropMethod
from sslrecipes.models.utils.cosine import cosine
from sslrecipes.models.utils.progress import Progress
from sslrecipes.registry import MODELS


@MODELS.register_module()
class W2SSL(MultiCropMethod):
    """Tell which image a region comes from and where it was, four regions of different images at a time.

    Regions of the whole batch are put together to montages, one forward pass for four of them: with two regions of each
    image half the passes of MoCo v3. A quadrant of the last map is the feature of its region. Features of all processes
    are gathered, gradients too, and each process computes the same loss of the whole batch, which the gradients after
    ``DistributedDataParallel`` are those of. With gradient accumulation that batch is a micro-batch.

    Args:
        base_momentum: Share that the momentum encoder keeps of its weights in the first step.
        final_momentum: What that share reaches along half a cosine once all steps are done.
        shuffle: Whose images share a montage, see :class:`sslrecipes.models.layers.montage.Montages`.
        **kwargs: Arguments of :class:`sslrecipes.models.methods.multi_crop_method.MultiCropMethod`, without ``probe``;
            the head is a :class:`sslrecipes.models.heads.w2ssl_head.W2SSLHead`.

    Raises:
        ConfigError: For a value that can't be meant, a joint probe, or a neck that isn't as wide as the predictor.

    Source: Learning What and Where to Learn (IEEE TCSVT 2023, DOI 10.1109/TCSVT.2023.3298937), ``moco/builder.py``.
    """

    def __init__(
        self, *, base_momentum: float = 0.99, final_momentum: float = 1.0, shuffle: str = 'global', **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        momenta = {'base_momentum': base_momentum, 'final_momentum': final_momentum}
        refuse_bad_values('model', momenta, dict.fromkeys(momenta, share))
        refuse(bad_value('model.shuffle', shuffle, one_of(*SHUFFLES)), 'model.shuffle')
        if self.probe is not None:
            raise ConfigError('W2SSL has no joint probe: its features are those of montages.', 'model.probe')
        predictor, channels = self.head.predictor, self.neck.out_channels
        refuse(differ('model.neck.out_channels', channels, 'model.head.predictor.out_channels', predictor.out_channels))
        self.base_momentum = base_momentum
        self.final_momentum = final_momentum
        self.montages = Montages(self.head.num_regions, shuffle)
        self.momentum_encoder = MomentumNetwork(**deepcopy(self.followed))

    @property
    def images_per_input(self) -> int:
        """Images whose regions make one montage."""
        return QUADRANTS // self.head.num_regions

    @property
    def followed(self) -> dict[str, nn.Module]:
        """What the momentum encoder follows; its ``where`` is never asked, but official files have it."""
        return {'backbone': self.backbone, 'neck': self.neck, 'where': self.head.where}

    def start(self) -> None:
        """Let the momentum encoder begin as a copy of the encoder."""
        self.momentum_encoder.copy(**self.followed)

    def begin_step(self, progress: Progress) -> None:
        """Let the momentum encoder follow the weights that the step starts from."""
        super().begin_step(progress)
        momentum = cosine(progress.step, progress.total_steps, self.base_momentum, self.final_momentum)
        self.momentum_encoder.update(momentum, **self.followed)

    def check_views(self, inputs: Tensor | Sequence[Tensor]) -> None:
        """Refuse what isn't two views of each region, all of one size.

        Raises:
            ConfigError: If so.
        """
        views, regions = [inputs] if isinstance(inputs, Tensor) else inputs, self.head.num_regions
        if len(views) != VIEWS * regions:
            raise ConfigError(
                f'W2SSL with {regions} regions needs {VIEWS} views of each, {VIEWS * regions} in all; the data gives '
                f'{len(views)}: use RegionCrops with regions={regions}.'
            )
        sizes = {tuple(view.shape) for view in views}
        if len(sizes) > 1:
            raise ConfigError(f'All views of the regions must have one size; these have {sorted(sizes)}.')

    def loss(self, inputs: Sequence[Tensor], data_samples: list[DataSample] | None = None) -> dict[str, Tensor]:
        """Losses of the whole batch; collective.

        Args:
            inputs: View 1 of each of R regions, then view 2 of each, all ``(B, 3, h, w)``.
            data_samples: Not used.
        """
        regions = self.head.num_regions
        self.head.check_batches({len(inputs[0])})
        arrangement = self.montages.arrange(len(inputs[0]), inputs[0].device)
        montages = [self.montages.build(views, arrangement) for views in (inputs[:regions], inputs[regions:])]
        features = [quadrant_features(self.backbone, montage) for montage in montages]
        where = self.head.where_loss(features[0], arrangement.regions)
        embeddings = [self.neck(feature) for feature in features]
        keys = [self._encode(montage) for montage in montages]
        return {'loss_what': self.head.what_loss(embeddings, keys, arrangement.images), **where}

    @torch.no_grad()
    def _encode(self, montage: Tensor) -> Tensor:
        """Keys ``(R * n, C)`` of this process' montages."""
        backbone, neck = map(self.momentum_encoder.get_submodule, ('backbone', 'neck'))
        keys: Tensor = neck(quadrant_features(backbone, montage))
        return keys


def quadrant_features(backbone: nn.Module, montages: Tensor) -> Tensor:
    """Features of the quadrants of all processes' montages, by quadrant; collective.

    Args:
        backbone: Its last output is a map ``(N, D, H, W)``.
        montages: ``(N, 3, 2h, 2w)``, those of this process.

    Returns:
        ``(4 * W * N, D)``.
    """
    return by_quadrant(gather_rows(pool_quadrants(backbone(montages)[-1])))
