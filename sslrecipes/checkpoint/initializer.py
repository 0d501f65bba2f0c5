"""Weights from a file, as the ``init_cfg`` of a module."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import PretrainedInit, update_init_info
from torch import nn

from sslrecipes.checkpoint.files.reading import Location
from sslrecipes.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class Pretrained(PretrainedInit):
    """Initialise a module from a file, completely or not at all.

    Takes the place of mmengine's ``Pretrained``, which only logs a warning when names don't match and so trains on
    random weights. Give it as the only ``init_cfg`` of an mmpretrain ViT (in a list, the ViT draws a new ``pos_embed``
    after loading) and by its bare name (``BaseModule`` recognises the string ``'Pretrained'``).

    Args:
        checkpoint: File or http(s) address: a checkpoint of ours or mmpretrain's, an exported backbone, or an official
            file of MAE, MAE-priv, iBOT, TEC, DINO, MoCo, SSLight, torchvision, timm or detectron2.
        prefix: The sub-network of the checkpoint to take, such as ``'backbone.'``. A file without that prefix in any
            name is taken as the bare sub-network.
        map_location: Where the file's tensors go.
        ignore: Names, also of whole parts (``'ln2.'``), that the module may have without the file, or the file without
            the module.
        allow_partial: Load what fits although something is missing.
        weights: The entry of the file to take, such as ``'teacher'`` of a full iBOT checkpoint, see
            :func:`sslrecipes.checkpoint.conversion.layouts.unwrap`.
        fresh: Names, also of whole parts, that stay as they are initialised even if the file has them, such as the norm
            that a classifier puts behind the class token.
    """

    def __init__(
        self,
        checkpoint: str,
        prefix: str | None = None,
        map_location: Location = 'cpu',
        ignore: Sequence[str] = (),
        allow_partial: bool = False,
        weights: str | None = None,
        fresh: Sequence[str] = (),
    ) -> None:
        super().__init__(checkpoint, prefix, map_location)
        self.ignore = tuple(ignore)
        self.allow_partial = allow_partial
        self.weights = weights
        self.fresh = tuple(fresh)

    def __call__(self, module: nn.Module) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file can't be read.
            CoverageError: The file doesn't fill the module.
        """
        from sslrecipes.checkpoint.loading import (
            load_pretrained,  # with all foreign layouts, which most runs don't need
        )

        load_pretrained(
            module,
            self.checkpoint,
            prefix=self.prefix,
            map_location=self.map_location,
            ignore=self.ignore,
            allow_partial=self.allow_partial,
            weights=self.weights,
            fresh=self.fresh,
        )
        if hasattr(module, '_params_init_info'):
            update_init_info(module, init_info=self._get_init_info())
