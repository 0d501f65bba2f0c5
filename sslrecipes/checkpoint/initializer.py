"""Weights from a file, as the ``init_cfg`` of a module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.model import PretrainedInit, initialize, update_init_info
from torch import nn

from sslrecipes.checkpoint.files.reading import Location
from sslrecipes.errors import ConfigError, did_you_mean
from sslrecipes.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class Pretrained(PretrainedInit):
    """Initialise a module from a file, completely or not at all.

    Takes the place of mmengine's ``Pretrained``, which only logs a warning when names don't match and so trains on
    random weights. Give it as the only ``init_cfg`` of an mmpretrain ViT (in a list, the ViT draws a new ``pos_embed``
    after loading) and by its bare name (``BaseModule`` recognises the string ``'Pretrained'``).

    Args:
        checkpoint: File or http(s) address: a checkpoint of ours or mmpretrain's, an exported backbone, or an official
            file of MAE, MAE-priv, iBOT, TEC, DINO, MoCo, MoCo v3, W2SSL, DenseCL, Barlow Twins, SimSiam,
            SSLight, S3L, solo-learn, torchvision, timm or detectron2.
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
        fresh_init: How the parts named in ``fresh`` are initialised, as an ``init_cfg`` (this one took the place of the
            module's own); by default they stay as their layers were built.
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
        fresh_init: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(checkpoint, prefix, map_location)
        self.ignore = tuple(ignore)
        self.allow_partial = allow_partial
        self.weights = weights
        self.fresh = tuple(fresh)
        self.fresh_init = [fresh_init] if isinstance(fresh_init, Mapping) else list(fresh_init)

    def __call__(self, module: nn.Module) -> None:
        """Load the weights.

        Raises:
            CheckpointError: The file can't be read.
            CoverageError: The file doesn't fill the module.
            ConfigError: A part to initialise isn't there.
        """
        from sslrecipes.checkpoint.loading import (
            load_pretrained,  # with all foreign layouts, which most runs don't need
        )

        if self.fresh_init:
            self._begin_anew(module)
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

    def _begin_anew(self, module: nn.Module) -> None:
        parts = dict(module.named_modules())
        for name in (name.rstrip('.') for name in self.fresh):
            if name not in parts:
                owner, question = type(module).__name__, did_you_mean(name, list(parts))
                raise ConfigError(f'fresh_init of Pretrained: {owner} has no part "{name}".{question}')
            initialize(parts[name], self.fresh_init)
